import { useId, type ReactElement } from "react";
import { newDial, type Dialed } from "../../parts/dial-units.ts";
import { Dial } from "../../parts/dial.tsx";
import { FeaturePicker } from "../../parts/feature-picker.tsx";
import { NumberField } from "../../parts/number-field.tsx";
import { Segments } from "../../parts/segments.tsx";
import { ApiCall } from "./api-call.tsx";
import { newSeed, nextPrompt, type Conversation } from "./conversation.ts";
import "./settings.css";

const sampledTemperature = 0.8;
const maxDials = 64;
const ways = [
  ["greedy", "Greedy"],
  ["sampled", "Sampled"],
] as const;

/** Everything that shapes the next answer. */
export function Settings({
  conversation,
  change,
  otherAtlas,
  otherModel,
  draft,
  busy,
}: {
  conversation: Conversation;
  change: (parts: Partial<Conversation>) => void;
  /** The atlas that the picker names, when the dials are of another one. */
  otherAtlas: string | undefined;
  /** The model that the picker names, when the conversation is with another one; null: the atlas's own. */
  otherModel: string | null | undefined;
  draft: string;
  busy: boolean;
}): ReactElement {
  const { atlas, model, dials, sampling } = conversation;
  const asked = nextPrompt(conversation, draft);
  const source = asked && { prompt: asked, atlas: atlas ?? undefined, model: model ?? undefined, maxTokens: sampling.maxTokens };
  const put = (at: number, dial: Dialed): void => change({ dials: dials.map((old, i) => (i === at ? dial : old)) });
  return (
    <aside className="chat-settings" aria-label="Dials and settings">
      <section aria-label="Dials">
        <h2>Dials</h2>
        {atlas === null ? (
          <p className="quiet">Dials turn features, which an atlas names. They appear here when one is made.</p>
        ) : (
          <>
            {otherAtlas !== undefined && (
              <p className="chat-settings-note">
                These dials are of <bdi>{atlas}</bdi>.{" "}
                <button type="button" className="plain" disabled={busy} onClick={() => change({ atlas: otherAtlas, dials: [] })}>
                  Drop them, use {otherAtlas}
                </button>
              </p>
            )}
            {otherModel !== undefined && (
              <p className="chat-settings-note">
                This conversation is with <bdi>{model ?? "the atlas’s own model"}</bdi>.{" "}
                <button type="button" className="plain" disabled={busy} onClick={() => change({ model: otherModel })}>
                  Go on with {otherModel ?? "the atlas’s own"}
                </button>
              </p>
            )}
            {dials.map((dial, at) => (
              <Dial
                key={at}
                atlas={atlas}
                dial={dial}
                source={typeof dial.edit.positions === "object" && "from" in dial.edit.positions ? source : undefined}
                onChange={(next) => put(at, next)}
                onRemove={() => change({ dials: dials.filter((_, i) => i !== at) })}
              />
            ))}
            {dials.length < maxDials && (
              <FeaturePicker atlas={atlas} onChoose={(feature) => change({ dials: [...dials, newDial(feature)] })} />
            )}
          </>
        )}
      </section>
      <Sampling sampling={conversation.sampling} onChange={(sampling) => change({ sampling })} />
      <section aria-label="System message">
        <h2>System message</h2>
        <textarea
          aria-label="System message"
          rows={2}
          maxLength={100_000}
          placeholder="None"
          value={conversation.system}
          onChange={({ target }) => change({ system: target.value })}
        />
      </section>
      <ApiCall conversation={conversation} draft={draft} />
    </aside>
  );
}

function Sampling({
  sampling,
  onChange,
}: {
  sampling: Conversation["sampling"];
  onChange: (sampling: Conversation["sampling"]) => void;
}): ReactElement {
  const id = useId();
  const { temperature, topP, maxTokens, seed } = sampling;
  const sampled = temperature > 0;
  return (
    <section className="chat-sampling" aria-label="Sampling">
      <h2>Sampling</h2>
      <Segments
        label="How tokens are chosen"
        choices={ways}
        value={sampled ? "sampled" : "greedy"}
        onChange={(way) => onChange({ ...sampling, temperature: way === "sampled" ? sampledTemperature : 0 })}
      />
      <div className="chat-sampling-fields">
        {sampled && (
          <>
            <label htmlFor={`${id}-t`}>Temperature</label>
            <NumberField
              id={`${id}-t`}
              min={0}
              max={2}
              step={0.1}
              value={temperature}
              onChange={(value) => onChange({ ...sampling, temperature: value })}
            />
            <label htmlFor={`${id}-p`}>Top-p</label>
            <NumberField
              id={`${id}-p`}
              min={0}
              max={1}
              step={0.05}
              value={topP}
              onChange={(value) => onChange({ ...sampling, topP: value })}
            />
            <label htmlFor={`${id}-s`}>Seed</label>
            <span className="chat-sampling-seed">
              <NumberField
                id={`${id}-s`}
                whole
                min={0}
                max={2 ** 31}
                value={seed}
                onChange={(value) => onChange({ ...sampling, seed: value })}
              />
              <button type="button" className="plain" onClick={() => onChange({ ...sampling, seed: newSeed() })}>
                New seed
              </button>
            </span>
          </>
        )}
        <label htmlFor={`${id}-m`}>Most tokens</label>
        <NumberField
          id={`${id}-m`}
          whole
          min={1}
          max={100_000}
          step={50}
          value={maxTokens}
          onChange={(value) => onChange({ ...sampling, maxTokens: value })}
        />
      </div>
    </section>
  );
}
