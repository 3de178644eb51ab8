import type { AtlasEntry, ModelEntry } from "@lexiscope/contract";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { useLocation, useSearch } from "wouter";
import { apiPath, request } from "../api/client.ts";
import { useAtlases, useModels } from "../api/queries.ts";
import { formatCount, formatNumber } from "../parts/format.ts";
import { Menu } from "../parts/menu.tsx";
import { rememberAtlas, rememberModel, useSelectedAtlas, useSelectedModel } from "../state/selection.ts";
import { addressWithAtlas, addressWithModel } from "./addresses.ts";

/** Which dictionary and which model everything on the page speaks of. */
export function Picker(): ReactElement {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const client = useQueryClient();
  const selected = useSelectedAtlas();
  const chosen = useSelectedModel();
  const atlases = useAtlases().data?.atlases ?? [];
  const models = useModels().data?.models ?? [];
  const summary = atlases.find(({ id }) => id === selected)?.summary ?? null;
  const own = models.find((model) => summary !== null && isModelOf(model, summary));
  const other = chosen !== undefined && chosen !== own?.id ? chosen : undefined;

  const chooseAtlas = (atlas: string): void => {
    rememberAtlas(atlas);
    navigate(addressWithAtlas(path, search, atlas));
  };
  const chooseModel = (model: ModelEntry): void => {
    const next = model.id === own?.id ? null : model.id;
    rememberModel(next);
    navigate(addressWithModel(path, search, next));
    // Opened at once, so that the first question need not wait for it.
    if (model.state === "closed" || model.state === "failed")
      void request(apiPath(["models", model.id, "open"]), { method: "POST" })
        .catch(() => undefined)
        .then(() => client.invalidateQueries({ queryKey: ["models"] }));
  };

  return (
    <Menu
      className="picker"
      label={`Dictionary and model: ${selected ?? "none"}${other === undefined ? "" : ` with ${other}`}`}
      button={
        <>
          <span className="visually-hidden">Dictionary and model: </span>
          <bdi className="picker-atlas">{selected ?? "no dictionary yet"}</bdi>
          {summary !== null && (
            <span className="picker-detail">
              <bdi className={other === undefined ? undefined : "picker-other"}>{other ?? summary.model}</bdi> · {shortSite(summary.site)}
            </span>
          )}
        </>
      }
    >
      {(close) => (
        <>
          <div role="group" aria-label="Dictionaries">
            <h3 aria-hidden="true">Dictionaries</h3>
            {atlases.length === 0 && <p className="picker-none">None yet: a run makes the first.</p>}
            {atlases.map((entry) => (
              <AtlasItem
                key={entry.id}
                entry={entry}
                checked={entry.id === selected}
                choose={() => {
                  close();
                  chooseAtlas(entry.id);
                }}
              />
            ))}
          </div>
          <hr />
          <div role="group" aria-label="Models">
            <h3 aria-hidden="true">Models</h3>
            {models.length === 0 && <p className="picker-none">None found.</p>}
            {models.map((model) => (
              <ModelItem
                key={model.id}
                model={model}
                own={model.id === own?.id}
                checked={model.id === (other ?? own?.id)}
                choose={() => {
                  close();
                  chooseModel(model);
                }}
              />
            ))}
          </div>
        </>
      )}
    </Menu>
  );
}

/** A dictionary knows its model by the weights; a model that was never open is known by its name alone. */
function isModelOf(model: ModelEntry, { weightsHash, model: name }: NonNullable<AtlasEntry["summary"]>): boolean {
  return model.identity === null ? model.id === name || model.name === name : model.identity.weightsHash === weightsHash;
}

/** `blocks.15.hook_resid_post` → `block 15`; what is named otherwise stays. */
export function shortSite(site: string): string {
  const match = /^blocks\.(\d+)\.hook_(.+)$/.exec(site);
  if (!match) return site;
  return match[2] === "resid_post" ? `block ${match[1]}` : `block ${match[1]} ${match[2]?.replaceAll("_", " ")}`;
}

function AtlasItem({ entry, checked, choose }: { entry: AtlasEntry; checked: boolean; choose: () => void }): ReactElement {
  const { id, summary, error } = entry;
  return (
    <button
      type="button"
      role="menuitemradio"
      aria-checked={checked}
      aria-disabled={summary === null}
      tabIndex={-1}
      className="menu-item"
      onClick={summary === null ? undefined : choose}
    >
      <span className="mark" aria-hidden="true">
        {checked ? "✓" : ""}
      </span>
      <bdi>{id}</bdi>
      <span className="quiet">{summary !== null && `FVU ${formatNumber(summary.fvu)}`}</span>
      {summary !== null && (
        <span className="detail">
          <bdi>{summary.model}</bdi> · {shortSite(summary.site)} · {formatCount(summary.features)} features
        </span>
      )}
      {error !== null && (
        <span className="detail bad">
          Cannot be opened: {error.message}
          {error.hint !== undefined && ` (${error.hint})`}
        </span>
      )}
    </button>
  );
}

const states: Record<ModelEntry["state"], string> = { open: "open", opening: "opening …", closed: "opens when asked", failed: "failed" };

function ModelItem({
  model,
  own,
  checked,
  choose,
}: {
  model: ModelEntry;
  own: boolean;
  checked: boolean;
  choose: () => void;
}): ReactElement {
  return (
    <button type="button" role="menuitemradio" aria-checked={checked} tabIndex={-1} className="menu-item" onClick={choose}>
      <span className="mark" aria-hidden="true">
        {checked ? "✓" : ""}
      </span>
      <bdi>{model.name}</bdi>
      <span className={model.state === "failed" ? "bad" : "quiet"}>{states[model.state]}</span>
      <span className="detail">{own ? "what this dictionary was made for" : "other weights than this dictionary was made for"}</span>
      {model.error !== null && <span className="detail bad">{model.error.message}</span>}
    </button>
  );
}
