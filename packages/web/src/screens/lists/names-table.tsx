import type { Labels } from "@lexiscope/contract";
import type { UseQueryResult } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState, type ReactElement } from "react";
import { Link } from "wouter";
import { formatCount } from "../../parts/format.ts";
import { NameEditor } from "../../parts/name-editor.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { filterLabels, formatDate } from "./filter-labels.ts";
import { VirtualRows } from "./virtual-rows.tsx";

/** Every feature that a person has named or noted something on. */
export function NamesTable({ atlas, labels }: { atlas: string; labels: UseQueryResult<Labels> }): ReactElement {
  const [text, setText] = useState("");
  const words = useDeferredValue(text);
  const all = labels.data?.labels;
  const shown = useMemo(() => filterLabels(all ?? [], words), [all, words]);
  if (labels.isError) return <Failed title="The names could not be had" error={labels.error} retry={() => void labels.refetch()} />;
  if (all === undefined) return <Loading what="the names" />;
  if (all.length === 0)
    return (
      <Empty title="No names yet">
        <p>
          Open a feature of <Link href={`/atlas/${encodeURIComponent(atlas)}`}>the atlas</Link> and give it a name or a note. Both stay
          beside the atlas on this machine, and show wherever the feature does.
        </p>
      </Empty>
    );
  return (
    <>
      <header className="lists-head">
        <h2>Names and notes</h2>
        <input
          type="search"
          aria-label="Words in names and notes"
          placeholder="Words in names and notes"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <span className="quiet" role="status">
          {shown.length === all.length ? formatCount(all.length) : `${formatCount(shown.length)} of ${formatCount(all.length)}`}
        </span>
      </header>
      {shown.length === 0 ? (
        <Empty title="No name matches" />
      ) : (
        <VirtualRows
          label="Names and notes"
          count={shown.length}
          keyOf={(i) => shown[i]?.feature ?? i}
          row={(i) => {
            const label = shown[i];
            return (
              label && (
                <div className="name-row">
                  <Link className="number" href={`/atlas/${encodeURIComponent(atlas)}/${label.feature}`}>
                    {label.feature}
                  </Link>
                  <NameEditor atlas={atlas} feature={label.feature} label={label} fallback="a note only" />
                  <time className="quiet" dateTime={label.updated}>
                    {formatDate(label.updated)}
                  </time>
                </div>
              )
            );
          }}
        />
      )}
    </>
  );
}
