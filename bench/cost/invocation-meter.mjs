// Loaded before a handler by NODE_OPTIONS: writes a line for each invocation with its time and its share of a processor.
// Plain JavaScript, as everything in the child's process is.
const send = process.send?.bind(process);
let startMs = 0;
let cpu = { user: 0, system: 0 };
// Loading the code is billed, too: the first invocation has it in its processor time.
let isFirst = true;

process.prependListener('message', () => {
  startMs = performance.now();
  if (!isFirst) cpu = process.cpuUsage();
  isFirst = false;
});

if (send !== undefined) {
  process.send = (message, ...rest) => {
    if (message.type === 'result' || message.type === 'error') {
      const { user, system } = process.cpuUsage(cpu);
      const wallMs = performance.now() - startMs;
      process.stdout.write(`${JSON.stringify({ meter: { wallMs, cpuMs: (user + system) / 1000 } })}\n`);
    }
    return send(message, ...rest);
  };
}
