import type { FeatureRow, Label, ListDetail } from "@lexiscope/contract";
import { useMemo, useState, type KeyboardEvent, type ReactElement } from "react";
import { Link, useLocation } from "wouter";
import { moved } from "../../api/members.ts";
import { useChangeList, useList, useRemoveList } from "../../api/lists.ts";
import { useLabels } from "../../api/names.ts";
import { formatCount, formatNumber, formatShare, visibleToken } from "../../parts/format.ts";
import { NameEditor } from "../../parts/name-editor.tsx";
import { Sensitive } from "../../parts/sensitive.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { ListHeading } from "./list-heading.tsx";
import { VirtualRows } from "./virtual-rows.tsx";

/** One collection: its name, its note, its members in the order that a person gave them. */
export function ListView({ atlas, list }: { atlas: string; list: string }): ReactElement {
  const detail = useList(atlas, list);
  if (detail.isError) return <Failed title="This list cannot be shown" error={detail.error} retry={() => void detail.refetch()} />;
  if (detail.isPending) return <Loading what="the list" />;
  return <Members atlas={atlas} list={detail.data} />;
}

function Members({ atlas, list }: { atlas: string; list: ListDetail }): ReactElement {
  const change = useChangeList(atlas, list.id);
  const remove = useRemoveList(atlas);
  const [, navigate] = useLocation();
  const [said, setSaid] = useState("");
  const { features } = list;
  const rows = useMemo(() => new Map(list.rows.map((row) => [row.index, row])), [list.rows]);
  const held = useLabels(atlas).data?.labels;
  const labels = useMemo(() => held && new Map(held.map((label) => [label.feature, label])), [held]);

  const move = (at: number, by: number): void => {
    const next = moved(features, at, by);
    if (next.every((feature, i) => feature === features[i])) return;
    change.mutate({ features: next });
    setSaid(`Feature ${features[at]} is now number ${Math.max(1, Math.min(features.length, at + by + 1))}`);
  };
  const drop = (feature: number): void => {
    change.mutate({ features: features.filter((each) => each !== feature) });
    setSaid(`Feature ${feature} is out of the list`);
  };
  const onKeyDown = (event: KeyboardEvent, at: number): void => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    move(at, event.key === "ArrowUp" ? -1 : 1);
  };

  return (
    <>
      <ListHeading
        list={list}
        change={(input) => change.mutate(input)}
        remove={() => remove.mutate(list.id, { onSuccess: () => navigate(`/lists?atlas=${encodeURIComponent(atlas)}`) })}
        failure={change.error ?? remove.error}
        atlas={atlas}
      />
      {features.length === 0 ? (
        <Empty title="Nothing in it yet">
          <p>
            Select rows in <Link href={`/atlas/${encodeURIComponent(atlas)}`}>the atlas</Link>, or open a feature, and choose “Add to list”.
          </p>
        </Empty>
      ) : (
        <VirtualRows
          label={`Members of ${list.name}`}
          count={features.length}
          keyOf={(i) => features[i] ?? i}
          row={(i) => {
            const feature = features[i];
            if (feature === undefined) return null;
            return (
              <div className="member-row" onKeyDown={(event) => onKeyDown(event, i)}>
                <span className="member-place quiet">{formatCount(i + 1)}</span>
                <Link className="number" href={`/atlas/${encodeURIComponent(atlas)}/${feature}`}>
                  {feature}
                </Link>
                <MemberName atlas={atlas} feature={feature} row={rows.get(feature)} label={labels && (labels.get(feature) ?? null)} />
                <span className="member-buttons">
                  <button
                    type="button"
                    className="plain icon"
                    aria-label={`Move feature ${feature} up`}
                    disabled={i === 0}
                    onClick={() => move(i, -1)}
                  >
                    ↑
                  </button>
                  <button
                    type="button"
                    className="plain icon"
                    aria-label={`Move feature ${feature} down`}
                    disabled={i === features.length - 1}
                    onClick={() => move(i, 1)}
                  >
                    ↓
                  </button>
                  <button
                    type="button"
                    className="plain icon"
                    aria-label={`Take feature ${feature} out of the list`}
                    onClick={() => drop(feature)}
                  >
                    ✕
                  </button>
                </span>
              </div>
            );
          }}
        />
      )}
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </>
  );
}

function MemberName({
  atlas,
  feature,
  row,
  label,
}: {
  atlas: string;
  feature: number;
  row: FeatureRow | undefined;
  /** Undefined while it is not known: saving then would lose a note. */
  label: Label | null | undefined;
}): ReactElement {
  if (!row) return <span className="quiet">no such feature in this atlas</span>;
  return (
    <>
      <Sensitive text={`${row.name ?? ""} ${row.word}`}>
        {label === undefined ? (
          <bdi>{row.name ?? row.word}</bdi>
        ) : (
          <NameEditor atlas={atlas} feature={feature} label={label} fallback={row.fired === 0 ? "never fired" : row.word} compact />
        )}
      </Sensitive>
      <bdi className="mono member-token">{visibleToken(row.topToken)}</bdi>
      <span className="number member-number" title="Density">
        {formatShare(row.density)}
      </span>
      <span className="number member-number" title="Maximum">
        {formatNumber(row.maximum)}
      </span>
    </>
  );
}
