import { brief, LexiscopeError } from "@lexiscope/core";
import type { HfConfig } from "./hf-config.ts";

/**
 * Numbers by which the inverse frequencies base^(−2i/width) are divided, [width / 2]; undefined where nothing is scaled.
 * `linear`: the factor everywhere. `llama3`: by wavelength (formula of Transformers' `_compute_llama3_parameters`).
 */
export function ropeDivisors(scaling: HfConfig | undefined, base: number, width: number): number[] | undefined {
  const type = scaling?.string("rope_type") ?? scaling?.string("type");
  if (!scaling || type === undefined || type === "default" || type === "none") return undefined;
  if (type !== "linear" && type !== "llama3") {
    throw new LexiscopeError("unsupported", `${scaling.file}: rotary positions of the type ${brief(type)} are not yet supported`, {
      file: scaling.file,
      field: "rope_scaling",
      hint: "default, linear and llama3 are",
    });
  }
  const number = (key: string): number => scaling.needed(`rope_scaling.${key}`, scaling.number(key));
  const factor = number("factor");
  if (!(factor > 0))
    throw new LexiscopeError("bad_file", `${scaling.file}: rope_scaling.factor is ${factor}`, {
      file: scaling.file,
      field: "rope_scaling",
    });
  const indices = Array.from({ length: width / 2 }, (_, i) => i);
  if (type === "linear") return indices.map(() => factor);
  const low = number("low_freq_factor");
  const high = number("high_freq_factor");
  const old = number("original_max_position_embeddings");
  return indices.map((i) => {
    const inverse = base ** ((-2 * i) / width);
    const wavelength = (2 * Math.PI) / inverse;
    if (wavelength < old / high) return 1;
    if (wavelength > old / low) return factor;
    const t = (old / wavelength - low) / (high - low);
    return 1 / ((1 - t) / factor + t);
  });
}
