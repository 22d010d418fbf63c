/** How many times as many cases run: more than one in `npm run test:fuzz`. */
export const fuzzTimes = Number(process.env.FUZZ_TIMES ?? 1);
