import { stored } from "./stored.ts";
import { useStored } from "./use-stored.ts";

const hideOffensive = stored("hide-offensive");

/** Whether texts that the word list of `offensive.ts` knows are blurred until asked for. */
export function useHideOffensive(): [boolean, (hide: boolean) => void] {
  return [useStored(hideOffensive) === "true", (hide) => hideOffensive.write(hide ? "true" : null)];
}
