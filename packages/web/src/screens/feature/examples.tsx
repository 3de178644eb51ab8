import type { FeatureDetail } from "@lexiscope/contract";
import { useMemo, useState, type KeyboardEvent, type ReactElement } from "react";
import { formatCount, formatNumber } from "../../parts/format.ts";
import { useStages } from "../../parts/use-stages.ts";
import { useUrlState } from "../../state/url-state.ts";
import { ExampleLine } from "./example-line.tsx";
import { groupExamples, intervalName, type ExampleGroup } from "./example-groups.ts";
import "./examples.css";

/** Lines of a group that are drawn before "more" is asked for. */
const firstLines = 25;
/** Lines that the screen begins with, and that come with each frame until all are there. */
const linesAtOnce = 5;

/** The feature's examples: the strongest, then samples of every interval of activation, from strong to weak. */
export function Examples({
  atlas,
  detail,
  interval,
  choose,
}: {
  atlas: string;
  detail: FeatureDetail;
  interval: number | undefined;
  choose: (interval: number | undefined) => void;
}): ReactElement {
  const [params, change] = useUrlState();
  const hideRepeats = params.get("repeats") === "hide";
  const groups = useMemo(() => groupExamples(detail), [detail]);
  const shown = interval === undefined ? groups : groups.filter((group) => group.interval === interval);
  const stages = Math.ceil(groups.reduce((sum, group) => sum + Math.min(firstLines, group.examples.length), 0) / linesAtOnce);
  const stage = useStages(stages);
  let room = stage < stages ? (stage + 1) * linesAtOnce : Number.POSITIVE_INFINITY;
  const repeats = detail.examples.filter(({ repeat }) => repeat).length;
  const chip = (value: number | undefined, name: string, count: number): ReactElement => (
    <button key={name} type="button" className="chip" aria-pressed={interval === value} onClick={() => choose(value)}>
      {name} <span className="quiet">{formatCount(count)}</span>
    </button>
  );
  return (
    <section className="examples" aria-labelledby="examples-title" onKeyDown={moveBetweenLines}>
      <div className="examples-head">
        <h2 id="examples-title">Examples</h2>
        {repeats > 0 && (
          <label className="small">
            <input type="checkbox" checked={hideRepeats} onChange={({ target }) => change({ repeats: target.checked ? "hide" : null })} />{" "}
            hide {repeats} {repeats === 1 ? "repeat" : "repeats"}
          </label>
        )}
      </div>
      <div className="chips" role="group" aria-label="Intervals of activation">
        {chip(undefined, "All", detail.examples.length)}
        {groups.map((group) => chip(group.interval, intervalName(group.interval, detail.intervals), group.examples.length))}
      </div>
      {shown.length === 0 && (
        <p className="quiet">
          No example was kept of this interval.{" "}
          <button type="button" className="small" onClick={() => choose(undefined)}>
            Show all
          </button>
        </p>
      )}
      {shown.map((group) => {
        const most = room;
        room -= Math.min(firstLines, group.examples.length);
        return most > 0 && <Group key={group.interval} atlas={atlas} detail={detail} group={group} hideRepeats={hideRepeats} most={most} />;
      })}
    </section>
  );
}

function Group({
  atlas,
  detail,
  group,
  hideRepeats,
  most,
}: {
  atlas: string;
  detail: FeatureDetail;
  group: ExampleGroup;
  hideRepeats: boolean;
  /** Lines that may be drawn by now. */
  most: number;
}): ReactElement {
  const [lines, setLines] = useState(firstLines);
  const { interval, low, high, tokens } = group;
  const examples = hideRepeats ? group.examples.filter(({ repeat }) => !repeat) : group.examples;
  return (
    <section className="example-group" aria-label={`Examples: ${intervalName(interval, detail.intervals)}`}>
      <h3>
        {interval < 0 ? "Strongest" : `${intervalName(interval, detail.intervals)} of the maximum`}{" "}
        <span className="quiet">
          {formatNumber(low)}–{formatNumber(high)}
          {interval >= 0 && ` · ${group.examples.length} drawn at random from ${formatCount(tokens)} ${tokens === 1 ? "token" : "tokens"}`}
        </span>
      </h3>
      <ol>
        {examples.slice(0, Math.min(lines, most)).map((example) => (
          <ExampleLine key={example.n} atlas={atlas} feature={detail.index} maximum={detail.maximum} example={example} />
        ))}
      </ol>
      {examples.length > lines && most >= lines && (
        <button type="button" className="small" onClick={() => setLines(lines + 100)}>
          {Math.min(100, examples.length - lines)} more of {formatCount(examples.length)}
        </button>
      )}
    </section>
  );
}

/** Up and down move between the lines; within a line its own keys count. */
function moveBetweenLines(event: KeyboardEvent<HTMLElement>): void {
  if (!(event.target instanceof HTMLElement) || !event.target.classList.contains("line-value")) return;
  const lines = [...event.currentTarget.querySelectorAll<HTMLElement>(".line-value")];
  const at = lines.indexOf(event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  lines[to]?.focus();
}
