import type { Edit } from "@lexiscope/contract";
import { memo, useId, type ReactElement } from "react";
import { Link } from "wouter";
import { useFeatureBrief } from "../api/feature.ts";
import type { PromptSource } from "../api/prompt.ts";
import { DialPositions } from "./dial-positions.tsx";
import { lacksMaximum, newDial, otherUnits, sliderRange, withOp, withUnit, type Dialed, type Range, type Scales } from "./dial-units.ts";
import { formatNumber, visibleToken } from "./format.ts";
import { NumberField } from "./number-field.tsx";
import "./dial.css";

const ops = [
  { op: "clamp", name: "clamp", says: "Set the feature to this value, whatever it would be" },
  { op: "add", name: "add", says: "Push along the feature's direction, on top of what is there" },
  { op: "scale", name: "scale", says: "Multiply what is there; silent where the feature is silent" },
  { op: "ablate", name: "ablate", says: "Remove the feature: the same as clamp to 0" },
] as const;

const units = { max: "× max", norm: "× norm", activation: "units" } as const;

export interface DialProps {
  atlas: string;
  dial: Dialed;
  onChange: (dial: Dialed) => void;
  onRemove?: (() => void) | undefined;
  /** Known already by screens that show the feature; asked for otherwise. */
  maximum?: number | undefined;
  medianNorm?: number | undefined;
  /** What would be asked next, for choosing the token from which the edit holds. */
  source?: PromptSource | undefined;
  /** The feature's name and link are left out where the page is about it. */
  bare?: boolean;
}

/** One edit as something to turn: which feature, what is done to it, how strongly, where. */
export const Dial = memo(function Dial(props: DialProps): ReactElement {
  const { atlas, dial, onChange, onRemove, source, bare = false } = props;
  const { edit, muted } = dial;
  const group = useId();
  const known = props.maximum !== undefined && props.medianNorm !== undefined;
  const brief = useFeatureBrief(bare && known ? undefined : atlas, edit.feature);
  const scales: Scales = {
    maximum: props.maximum ?? brief.data?.maximum ?? null,
    medianNorm: props.medianNorm ?? brief.data?.medianNorm ?? null,
  };
  const change = (next: Edit): void => onChange({ ...dial, edit: next });
  const name = brief.data ? (brief.data.label?.name ?? brief.data.word) : "";
  const title = name === "" ? `feature ${edit.feature}` : visibleToken(name);
  return (
    <fieldset className={`dial${muted ? " muted" : ""}`} aria-label={`Edit of ${title}`}>
      {(!bare || onRemove) && (
        <div className="dial-head">
          <label className="dial-on" title={muted ? "Switched off: kept, but not applied" : "Switched on"}>
            <input type="checkbox" checked={!muted} onChange={({ target }) => onChange({ ...dial, muted: !target.checked })} />
            <span className="visually-hidden">Apply this edit</span>
          </label>
          {!bare && (
            <Link href={`/atlas/${encodeURIComponent(atlas)}/${edit.feature}`} className="dial-name">
              <bdi>{title}</bdi> <span className="quiet">#{edit.feature}</span>
            </Link>
          )}
          {onRemove && (
            <button
              type="button"
              className="plain dial-remove"
              aria-label={`Remove the edit of ${title}`}
              title="Remove"
              onClick={onRemove}
            >
              ×
            </button>
          )}
        </div>
      )}
      {brief.isError && (
        <p className="dial-problem" role="alert">
          {brief.error.message}
        </p>
      )}
      <div className="dial-ops" role="radiogroup" aria-label="What is done">
        {ops.map(({ op, name, says }) => (
          <label key={op} title={says} className={op === edit.op ? "on" : ""}>
            <input
              type="radio"
              name={group}
              className="visually-hidden"
              checked={op === edit.op}
              onChange={() => change(withOp(edit, op))}
            />
            {name}
          </label>
        ))}
      </div>
      {lacksMaximum(edit, scales) && (
        <p className="dial-problem" role="alert">
          It never fired while the atlas was made, so it has no maximum.{" "}
          <button type="button" className="plain" onClick={() => change({ ...newDial(edit.feature, 0).edit, positions: edit.positions })}>
            Add it in norms
          </button>
        </p>
      )}
      <Strength edit={edit} scales={scales} change={change} />
      <DialPositions positions={edit.positions} onChange={(positions) => change({ ...edit, positions })} source={source} />
    </fieldset>
  );
});

function Strength({ edit, scales, change }: { edit: Edit; scales: Scales; change: (edit: Edit) => void }): ReactElement {
  const range = sliderRange(edit, scales);
  if (!range) return <p className="dial-others quiet">The feature is set to 0 wherever it would fire.</p>;
  const others = otherUnits(edit, scales);
  return (
    <>
      <div className="dial-strength">
        <Slider range={range} value={edit.value} onChange={(value) => change({ ...edit, value })} />
        <NumberField
          className="dial-value"
          label="Strength"
          value={edit.value}
          step={range.step * 5}
          onChange={(value) => change({ ...edit, value })}
        />
        {edit.op === "scale" ? (
          <span className="dial-unit quiet">×</span>
        ) : (
          <select
            className="dial-unit"
            aria-label="Unit of the strength"
            value={edit.unit}
            onChange={({ target }) => change(withUnit(edit, target.value as Edit["unit"], scales))}
          >
            <option value="max" disabled={scales.maximum === 0}>
              × max
            </option>
            <option value="norm">× norm</option>
            <option value="activation">units</option>
          </select>
        )}
      </div>
      <p className="dial-others quiet" aria-live="off">
        {edit.op === "scale"
          ? "of what the feature is at each token"
          : others.length > 0
            ? `= ${others.map(({ unit, value }) => `${formatNumber(value)} ${units[unit]}`).join(" = ")}`
            : "× its maximum in the atlas, or × the typical norm of the residual stream"}
      </p>
    </>
  );
}

function Slider({ range, value, onChange }: { range: Range; value: number; onChange: (value: number) => void }): ReactElement {
  const id = useId();
  const { min, max, step, marks } = range;
  const at = (mark: number): string => `${(100 * (mark - min)) / (max - min)}%`;
  const outside = value < min || value > max;
  return (
    <span className={`dial-slider${outside ? " outside" : ""}`} title={outside ? "Beyond the slider: the number counts" : undefined}>
      <input
        type="range"
        aria-label="Strength on a slider"
        min={min}
        max={max}
        step={step}
        list={id}
        value={Math.min(max, Math.max(min, value))}
        onChange={({ target }) => onChange(Number(target.value))}
      />
      <datalist id={id}>
        {marks.map((mark) => (
          <option key={mark} value={mark} />
        ))}
      </datalist>
      <span className="dial-marks" aria-hidden="true">
        {marks.map((mark) => (
          <span key={mark} style={{ insetInlineStart: at(mark) }}>
            {formatNumber(mark)}
          </span>
        ))}
      </span>
    </span>
  );
}
