import type { GenerateRequest, Models } from "@lexiscope/contract";
import autocannon from "autocannon";
import { firstAtlas, generateTimed, leave, printTable, startServer } from "./support.ts";

/**
 * Many at once: `node bench/server/load.ts [seconds] [leavers]`. First 500 readers of the atlas while 16 chats are
 * queued, then clients that ask for an answer and leave. Memory is the resident size of the processes in MB.
 */
const seconds = Number(process.argv[2] ?? 10);
const leavers = Number(process.argv[3] ?? 10_000);
const [readers, chats, together] = [500, 16, 32];

const server = await startServer();
try {
  const atlas = await firstAtlas(server);
  const body = (maxTokens: number): GenerateRequest => ({
    atlas,
    prompt: "Once upon a time",
    variants: [{ edits: [] }],
    temperature: 1,
    maxTokens,
  });
  await generateTimed(server, body(4));
  const memory: (string | number)[][] = [];
  const remember = async (when: string): Promise<void> => {
    const { server: own, workers, stallMs } = await server.memory();
    memory.push([when, own, workers, stallMs]);
  };
  await remember("at rest");

  const path = `/api/atlases/${encodeURIComponent(atlas)}`;
  const requests = ["features?limit=100", "features?q=france&limit=50", "features/1", "features/2", "histogram?column=density&bins=40"].map(
    (part) => ({
      method: "GET",
      path: `${path}/${part}`,
    }),
  );
  const reading = autocannon({ url: server.url, connections: readers, duration: seconds, requests });
  const answers = await Promise.all(Array.from({ length: chats }, () => generateTimed(server, body(24))));
  const read = await reading;
  await remember(`${readers} readers, ${chats} chats`);
  printTable(
    [`${readers} readers, ${chats} chats`, "requests/s", "p50 ms", "p97.5 ms", "p99 ms", "errors"],
    [
      [
        "atlas routes",
        read.requests.average,
        read.latency.p50,
        read.latency.p97_5,
        read.latency.p99,
        read.errors + read.timeouts + read.non2xx,
      ],
    ],
  );
  printTable(
    ["chats", "ended whole", "errors"],
    [[String(chats), answers.filter(({ done }) => done).length, answers.filter(({ error }) => error !== undefined).length]],
  );

  const begun = performance.now();
  let left = 0;
  const one = async (): Promise<void> => {
    while (left < leavers) {
      const number = left++;
      if (number > 0 && number % Math.ceil(leavers / 5) === 0) await remember(`${number} have left`);
      await leave(server, body(4000), [0, 2, 10, 50][number % 4] ?? 0);
    }
  };
  await Promise.all(Array.from({ length: together }, one));
  const secondsLeft = (performance.now() - begun) / 1000;
  const after = await generateTimed(server, body(4));
  const { models } = await server.json<Models>("GET", "/api/models");
  await remember(`${leavers} have left`);
  printTable(
    ["leavers", "a second", "answered after", "at work or waiting"],
    [
      [
        String(leavers),
        leavers / secondsLeft,
        after.done ? "yes" : "no",
        models.reduce((sum, { running, waiting }) => sum + running + waiting, 0),
      ],
    ],
  );
  printTable(["memory, MB", "server", "models", "longest stall, ms"], memory);
} finally {
  await server.close();
}
