import { readEvents } from './events';

function stream(...parts: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(encoder.encode(part));
      controller.close();
    },
  });
}

describe('readEvents', () => {
  it('joins events that arrive in parts, and reads comments, multi-line data and ids', async () => {
    const events = [];
    const text = ['event: que', 'ued\nid: 1\ndata: {"a":\ndata: 1}\n', '\n: ping\n\n', 'data: 2\n\nevent: cut off'];
    for await (const event of readEvents(stream(...text))) events.push(event);
    expect(events).toEqual([
      { event: 'queued', id: '1', data: '{"a":\n1}' },
      { event: 'message', id: '1', data: '2' },
    ]);
  });
});
