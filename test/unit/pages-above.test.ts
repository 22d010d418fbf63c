import { describe, expect, it } from 'vitest';
import { compilePages } from '../../functions/core/mapping/urls/pages.ts';

const site = 'https://www.example.com';
const above = (path: string, parents: number) =>
  compilePages({ parents }, (name) => name)?.(`${site}/${path}`).above;

describe('the pages above a page', () => {
  it('are its directories up to the root', () => {
    expect(above('a/b/c.html', 3)).toEqual([`${site}/a/b/`, `${site}/a/`, `${site}/`]);
  });

  it('are all of them where slashes follow each other', () => {
    expect(above('a//b.html', 3)).toEqual([`${site}/a//`, `${site}/a/`, `${site}/`]);
  });
});
