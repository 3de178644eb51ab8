import type { ReactElement } from "react";
import { useChangeMembers, useCreateList, useLists } from "../api/lists.ts";
import { formatCount } from "./format.ts";
import { Menu } from "./menu.tsx";
import { NewListForm } from "./new-list-form.tsx";
import "./add-to-list.css";

/** Puts features into lists of one's own, and takes them out again. */
export function AddToList({ atlas, features, done }: { atlas: string; features: readonly number[]; done?: () => void }): ReactElement {
  const what = features.length === 1 ? "feature" : `${formatCount(features.length)} features`;
  return (
    <Menu button="Add to list" label={`Add the ${what} to a list`} kind="panel" disabled={features.length === 0}>
      {() => <ListChoices atlas={atlas} features={features} done={done} />}
    </Menu>
  );
}

function ListChoices({
  atlas,
  features,
  done,
}: {
  atlas: string;
  features: readonly number[];
  done: (() => void) | undefined;
}): ReactElement {
  const lists = useLists(atlas);
  const change = useChangeMembers(atlas);
  const create = useCreateList(atlas);
  const failure = lists.error ?? change.error ?? create.error;
  return (
    <div className="add-to-list">
      {lists.isPending && <p className="quiet">Loading …</p>}
      {lists.data?.lists.map(({ id, name, features: members }) => {
        const held = new Set(members);
        const inside = features.filter((feature) => held.has(feature)).length;
        const all = inside === features.length;
        return (
          <label key={id}>
            <input
              type="checkbox"
              checked={all}
              ref={(box) => {
                if (box) box.indeterminate = !all && inside > 0;
              }}
              onChange={() => {
                change.mutate(all ? { list: id, remove: [...features] } : { list: id, add: [...features] });
                if (!all) done?.();
              }}
            />
            <bdi>{name}</bdi>
            <span className="quiet">{formatCount(members.length)}</span>
          </label>
        );
      })}
      <NewListForm
        busy={create.isPending}
        create={(name, emptied) =>
          create.mutate(
            { name, features: [...features] },
            {
              onSuccess: () => {
                emptied();
                done?.();
              },
            },
          )
        }
      />
      {failure && (
        <p className="bad" role="alert">
          {failure.message}
        </p>
      )}
    </div>
  );
}
