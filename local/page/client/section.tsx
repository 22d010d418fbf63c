import type { ComponentChildren } from 'preact';

/** A landmark with a heading. */
export function Section({
  id,
  heading,
  count,
  children,
}: {
  id: string;
  heading: string;
  count?: number;
  children: ComponentChildren;
}) {
  return (
    <section id={id} aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>
        {heading}
        {count !== undefined && count > 0 && <span class="count"> {count}</span>}
      </h2>
      {children}
    </section>
  );
}

/** @returns a time of the day */
export function Time({ ms }: { ms: number }) {
  const date = new Date(ms);
  return <time dateTime={date.toISOString()}>{date.toTimeString().slice(0, 8)}</time>;
}

/** The first URLs, and how many more there are. */
export function Urls({ urls, count = urls.length }: { urls: readonly string[]; count?: number }) {
  return (
    <ul class="urls">
      {urls.map((url) => (
        <li key={url}>{url}</li>
      ))}
      {count > urls.length && <li>and {count - urls.length} more</li>}
    </ul>
  );
}
