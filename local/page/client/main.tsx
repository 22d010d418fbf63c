import { render } from 'preact';
import type { PageView } from '../view.ts';
import { App } from './app.tsx';

let view: PageView | undefined;
let isConnected = true;
/** What the last button did. */
let done = '';

function draw(): void {
  render(<App view={view} isConnected={isConnected} done={done} act={act} />, document.body);
}

async function act(name: string): Promise<void> {
  try {
    const response = await fetch(`actions/${name}`, { method: 'POST' });
    done = (await response.text()).trim();
  } catch {
    done = 'The stack does not answer.';
  }
  draw();
}

const events = new EventSource('events');
events.onmessage = ({ data }) => {
  view = JSON.parse(data);
  isConnected = true;
  draw();
};
// The browser connects again by itself.
events.onerror = () => {
  isConnected = false;
  draw();
};
draw();
