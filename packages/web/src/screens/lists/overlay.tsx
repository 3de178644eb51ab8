import { useRef, useState, type ReactElement } from "react";
import { ApiError, apiPath } from "../../api/client.ts";
import { useImportOverlay } from "../../api/lists.ts";
import { formatCount } from "../../parts/format.ts";

/** All names and lists as one file: out, and in again. */
export function Overlay({ atlas }: { atlas: string }): ReactElement {
  const file = useRef<HTMLInputElement>(null);
  const [mode, setMode] = useState<"merge" | "replace">("merge");
  const [chosen, setChosen] = useState<{ name: string; overlay: unknown }>();
  const [unreadable, setUnreadable] = useState("");
  const load = useImportOverlay(atlas);
  const mismatch = load.error instanceof ApiError && load.error.code === "mismatch";

  const read = async (picked: File): Promise<void> => {
    load.reset();
    setUnreadable("");
    setChosen(undefined);
    try {
      setChosen({ name: picked.name, overlay: JSON.parse(await picked.text()) as unknown });
    } catch {
      setUnreadable(`${picked.name} is not JSON. Choose a file that was exported here.`);
    }
  };
  const send = (force: boolean): void => {
    if (chosen) load.mutate({ overlay: chosen.overlay, mode, force }, { onSuccess: () => setChosen(undefined) });
  };

  return (
    <div className="overlay">
      <h2>Share</h2>
      <p className="quiet">Names, notes and lists as one file, for whoever has the same dictionary.</p>
      <p className="overlay-buttons">
        <a className="button" href={apiPath(["atlases", atlas, "overlay"])} download>
          Export
        </a>
        <button type="button" onClick={() => file.current?.click()}>
          Import …
        </button>
        <input
          ref={file}
          type="file"
          accept="application/json,.json"
          className="visually-hidden"
          tabIndex={-1}
          aria-label="File to import"
          onChange={(event) => {
            const picked = event.target.files?.[0];
            event.target.value = "";
            if (picked) void read(picked);
          }}
        />
      </p>
      {unreadable !== "" && (
        <p className="bad" role="alert">
          {unreadable}
        </p>
      )}
      {chosen && (
        <fieldset>
          <legend>
            <bdi>{chosen.name}</bdi>
          </legend>
          <label>
            <input type="radio" name="mode" checked={mode === "merge"} onChange={() => setMode("merge")} /> Merge: the newer of two wins,
            the rest stays
          </label>
          <label>
            <input type="radio" name="mode" checked={mode === "replace"} onChange={() => setMode("replace")} /> Replace: all names and lists
            here are lost
          </label>
          {load.isError && (
            <p className="bad" role="alert">
              {load.error.message}
              {load.error instanceof ApiError && load.error.hint !== undefined && ` (${load.error.hint})`}
            </p>
          )}
          <span className="overlay-buttons">
            <button type="button" className={mismatch ? "danger" : "primary"} disabled={load.isPending} onClick={() => send(mismatch)}>
              {mismatch ? "Import anyway" : "Import"}
            </button>
            <button
              type="button"
              onClick={() => {
                setChosen(undefined);
                load.reset();
              }}
            >
              Cancel
            </button>
          </span>
        </fieldset>
      )}
      {load.isSuccess && (
        <p role="status">
          {formatCount(load.data.labels)} names and {formatCount(load.data.lists)} lists were taken in
          {load.data.skipped > 0
            ? `, ${formatCount(load.data.skipped)} left out (no newer than what is here, empty, or of features that this dictionary does not have)`
            : ""}
          .
        </p>
      )}
    </div>
  );
}
