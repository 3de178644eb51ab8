import { useEffect, useRef, useState, type ReactElement } from "react";
import { apiPath } from "../../api/client.ts";
import { useLists } from "../../api/lists.ts";
import { AddToList } from "../../parts/add-to-list.tsx";
import { formatCount } from "../../parts/format.ts";
import { Menu } from "../../parts/menu.tsx";
import { useDebounced } from "../../state/use-debounced.ts";
import { apiQuery, isFiltered, type ListView } from "./list-view.ts";

export interface ToolbarProps {
  atlas: string;
  view: ListView;
  change: (changes: Record<string, string | null>) => void;
  clearFilters: () => void;
  selection: ReadonlySet<number>;
  clearSelection: () => void;
  total: number | undefined;
  truncated: boolean;
  stale: boolean;
}

/** What is listed, in words: search, filters, how many there are, and what can be done with them. */
export function Toolbar(props: ToolbarProps): ReactElement {
  const { atlas, view, change, clearFilters, selection, clearSelection, total, truncated, stale } = props;
  const lists = useLists(atlas).data?.lists ?? [];
  return (
    <div className="toolbar">
      <SearchField q={view.q} change={(q) => change({ q: q === "" ? null : q, sort: null, order: null })} />
      <label className="toolbar-choice">
        <span className="visually-hidden">Which features</span>
        <select value={view.alive ?? ""} onChange={(event) => change({ alive: event.target.value === "" ? null : event.target.value })}>
          <option value="">fired or not</option>
          <option value="true">fired</option>
          <option value="false">dead</option>
        </select>
      </label>
      <label className="toolbar-choice">
        <span className="visually-hidden">Of which list</span>
        <select
          value={view.list ?? (view.named ? "\u0000named" : "")}
          onChange={({ target: { value } }) =>
            change(value === "\u0000named" ? { named: "true", list: null } : { named: null, list: value === "" ? null : value })
          }
        >
          <option value="">named or not</option>
          <option value={"\u0000named"}>with a name</option>
          {lists.map(({ id, name, features }) => (
            <option key={id} value={id}>
              {`list: ${name} (${formatCount(features.length)})`}
            </option>
          ))}
          {view.list !== undefined && !lists.some(({ id }) => id === view.list) && <option value={view.list}>a list that is gone</option>}
        </select>
      </label>
      {view.q !== "" && view.sort !== "relevance" && (
        <button type="button" onClick={() => change({ sort: null, order: null })}>
          Sort by relevance
        </button>
      )}
      {isFiltered(view) && (
        <button type="button" className="plain" onClick={clearFilters}>
          Clear
        </button>
      )}
      <span className="toolbar-count" role="status">
        {total === undefined ? (stale ? "…" : "") : `${formatCount(total)} ${total === 1 ? "feature" : "features"}`}
        {truncated && <span title="The words hit more places than are looked at. Ask for rarer words to see all."> and more, cut off</span>}
        {view.sort === "readability" && total !== undefined && total > 1 && (
          <span className="toolbar-order">, {view.order === "descending" ? "most" : "least"} readable first</span>
        )}
        {view.sort === "relevance" && total !== undefined && total > 1 && <span className="toolbar-order">, best hits first</span>}
        {stale && total !== undefined && <span className="quiet"> …</span>}
      </span>
      {selection.size > 0 && (
        <span className="toolbar-selection">
          {formatCount(selection.size)} selected
          <AddToList atlas={atlas} features={[...selection]} />
          <button type="button" className="plain" onClick={clearSelection}>
            Deselect
          </button>
        </span>
      )}
      <ExportMenu atlas={atlas} view={view} />
    </div>
  );
}

const searchId = "atlas-search";

function SearchField({ q, change }: { q: string; change: (q: string) => void }): ReactElement {
  const [text, setText] = useState(q);
  const settled = useDebounced(text, 120);
  const told = useRef(q);
  const tell = useRef(change);
  useEffect(() => {
    tell.current = change;
  });
  // The address may change under the field: back, forward, a link.
  useEffect(() => {
    if (q !== told.current) {
      told.current = q;
      setText(q);
    }
  }, [q]);
  useEffect(() => {
    if (settled.trim() === told.current) return;
    told.current = settled.trim();
    tell.current(settled.trim());
  }, [settled]);
  return (
    <div className="toolbar-search">
      <label className="visually-hidden" htmlFor={searchId}>
        Words in names, examples and output tokens
      </label>
      <input
        id={searchId}
        type="search"
        placeholder="Words in examples, outputs, names"
        value={text}
        maxLength={1000}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") {
            event.preventDefault();
            document.querySelector<HTMLElement>(".features")?.focus();
          }
        }}
      />
    </div>
  );
}

const formats = [
  ["json", "JSON", "every number"],
  ["csv", "CSV", "a table"],
  ["svg", "SVG", "a picture, scalable"],
  ["png", "PNG", "a picture"],
] as const;

function ExportMenu({ atlas, view }: { atlas: string; view: ListView }): ReactElement {
  return (
    <Menu className="toolbar-export" align="right" label="Export this view" button="Export">
      {(close) =>
        formats.map(([format, name, what]) => (
          <a
            key={format}
            role="menuitem"
            tabIndex={-1}
            className="menu-item"
            href={apiPath(["atlases", atlas, "export"], { format, ...apiQuery(view) })}
            download
            onClick={close}
          >
            <span />
            {name}
            <span className="quiet">{what}</span>
          </a>
        ))
      }
    </Menu>
  );
}
