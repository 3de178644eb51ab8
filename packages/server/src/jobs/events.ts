import type { Job, JobEvent } from "@lexiscope/contract";
import { followJob, readJob } from "@lexiscope/jobs";
import type { StreamEvent } from "../event-stream.ts";

/** The job itself is told at most this often: a line of progress comes up to four times a second. */
const jobEveryMs = 500;

export interface JobEventsOptions {
  id: string;
  home: string;
  /** Byte of the job's events to go on from. */
  from: number;
  signal: AbortSignal;
}

/** Sends `job`, then each line, and the job again as it changes; `end` when it has ended. The id of every event is the byte to go on from. */
export async function jobEvents({ id, home, from, signal }: JobEventsOptions, send: (event: StreamEvent) => Promise<void>): Promise<void> {
  let offset = from;
  let told: Job | undefined;
  let toldAt = 0;
  const say = (event: JobEvent): Promise<void> => send({ id: String(offset), data: event });
  const tellJob = async (): Promise<void> => {
    const job = await readJob(id, { home });
    toldAt = performance.now();
    if (JSON.stringify(job) === JSON.stringify(told)) return;
    told = job;
    await say({ type: "job", job });
  };
  await tellJob();
  for await (const line of followJob(id, { home, from, signal })) {
    offset = line.offset;
    await say({ type: "line", line: parsed(line.line) });
    if (performance.now() - toldAt >= jobEveryMs) await tellJob();
  }
  await say({ type: "end", job: await readJob(id, { home }) });
}

/** A line that is no JSON is handed on as the text that it is. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
