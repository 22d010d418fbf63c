/** @returns a number and its noun, such as `1 URL` or `2 URLs` */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
