/** The `data:` payloads of a server-sent event stream that is the response to a POST. Ends when the stream does. */
export async function* readEvents<T>(response: Response): AsyncGenerator<T, void, void> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      held += value;
      for (;;) {
        const end = held.indexOf("\n\n");
        if (end < 0) break;
        const data = held
          .slice(0, end)
          .split("\n")
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5).trimStart())
          .join("\n");
        held = held.slice(end + 2);
        if (data !== "") yield JSON.parse(data) as T;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
