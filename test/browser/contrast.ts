import type { Page } from 'playwright-core';

/**
 * The least contrast of readable text: https://www.w3.org/TR/WCAG22/#contrast-minimum
 * @returns what is written on the page with less
 */
export function findFaint(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
    const luminance = (color) => {
      const [r, g, b] = channels(color).map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = (element) => {
      if (element === null) return getComputedStyle(document.documentElement).colorScheme;
      const color = getComputedStyle(element).backgroundColor;
      return channels(color)[3] === 0 ? background(element.parentElement) : color;
    };
    const hasText = (element) =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '');
    return [...document.body.querySelectorAll('*')].filter(hasText).flatMap((element) => {
      const [light, dark] = [getComputedStyle(element).color, background(element)]
        .map(luminance)
        .sort((a, b) => b - a);
      const contrast = (light + 0.05) / (dark + 0.05);
      return contrast < 4.5 ? [element.textContent + ': ' + contrast.toFixed(2)] : [];
    });
  })()`);
}
