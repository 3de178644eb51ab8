import type { ReactElement } from "react";
import { Link, useLocation } from "wouter";
import { useCreateList, useLists } from "../../api/lists.ts";
import { useLabels } from "../../api/names.ts";
import { formatCount } from "../../parts/format.ts";
import { NewListForm } from "../../parts/new-list-form.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { useAtlases } from "../../api/queries.ts";
import { useSelectedAtlas } from "../../state/selection.ts";
import { ListView } from "./list-view.tsx";
import { NamesTable } from "./names-table.tsx";
import { Overlay } from "./overlay.tsx";
import "./lists.css";

/** People's own names, notes and collections for one atlas. */
export function ListsScreen({ list }: { list: string | undefined }): ReactElement {
  const atlas = useSelectedAtlas();
  const atlases = useAtlases();
  if (atlas === undefined)
    return atlases.isError ? (
      <Failed title="The dictionaries could not be listed" error={atlases.error} retry={() => void atlases.refetch()} />
    ) : atlases.isPending ? (
      <Loading what="the lists" />
    ) : (
      <Empty title="No dictionary yet">
        <p>
          Names and lists belong to a dictionary&apos;s features. <Link href="/runs">A run</Link> makes the first.
        </p>
      </Empty>
    );
  return <ListsOf key={atlas} atlas={atlas} list={list} />;
}

function ListsOf({ atlas, list }: { atlas: string; list: string | undefined }): ReactElement {
  const lists = useLists(atlas);
  const labels = useLabels(atlas);
  const query = `?atlas=${encodeURIComponent(atlas)}`;
  if (lists.isError)
    return <Failed title={`The lists of “${atlas}” could not be had`} error={lists.error} retry={() => void lists.refetch()} />;
  return (
    <div className="lists">
      <aside className="lists-side">
        <h1>Lists</h1>
        <nav aria-label="Names and lists">
          <Link href={`/lists${query}`} aria-current={list === undefined ? "page" : undefined}>
            <span>Names and notes</span>
            <span className="quiet">{labels.data ? formatCount(labels.data.labels.length) : ""}</span>
          </Link>
          {lists.data?.lists.map(({ id, name, features }) => (
            <Link key={id} href={`/lists/${encodeURIComponent(id)}${query}`} aria-current={id === list ? "page" : undefined}>
              <bdi>{name}</bdi>
              <span className="quiet">{formatCount(features.length)}</span>
            </Link>
          ))}
        </nav>
        <NewList atlas={atlas} />
        <Overlay atlas={atlas} />
      </aside>
      <section className="lists-main">
        {lists.isPending ? (
          <Loading what="the lists" />
        ) : list === undefined ? (
          <NamesTable atlas={atlas} labels={labels} />
        ) : (
          <ListView key={list} atlas={atlas} list={list} />
        )}
      </section>
    </div>
  );
}

function NewList({ atlas }: { atlas: string }): ReactElement {
  const [, navigate] = useLocation();
  const create = useCreateList(atlas);
  return (
    <NewListForm
      className="lists-new"
      busy={create.isPending}
      create={(name, emptied) =>
        create.mutate(
          { name },
          {
            onSuccess: ({ id }) => {
              emptied();
              navigate(`/lists/${encodeURIComponent(id)}?atlas=${encodeURIComponent(atlas)}`);
            },
          },
        )
      }
    >
      {create.isError && (
        <p className="bad" role="alert">
          {create.error.message}
        </p>
      )}
    </NewListForm>
  );
}
