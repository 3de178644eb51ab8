import { useEffect, useRef, useState, type ReactElement } from "react";
import { CopyButton } from "../../parts/copy-button.tsx";
import { useRunLog } from "./runs-api.ts";

/** The end of what the run said; stays at the end while that is wanted. */
export function RunLogView({ job, live }: { job: string; live: boolean }): ReactElement {
  const log = useRunLog(job, live);
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLPreElement>(null);
  const text = log.data?.text ?? "";
  useEffect(() => {
    if (follow) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [text, follow]);
  return (
    <section className="run-log" aria-label="Log">
      <h2>
        Log
        {live && (
          <label>
            <input type="checkbox" checked={follow} onChange={({ target }) => setFollow(target.checked)} /> follow
          </label>
        )}
        {text !== "" && <CopyButton text={text}>Copy</CopyButton>}
      </h2>
      {log.isError ? (
        <p className="run-problem" role="alert">
          {log.error.message}
        </p>
      ) : (
        <pre ref={box} tabIndex={0} aria-label="Lines of the log">
          {log.data?.truncated === true && "… earlier lines are left out\n"}
          {text === "" ? (log.isPending ? "…" : "It has said nothing yet.") : text}
        </pre>
      )}
    </section>
  );
}
