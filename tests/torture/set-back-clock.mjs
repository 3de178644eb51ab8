// Preloaded into a tortured process: the time of day is TORTURE_DAYS_BACK days behind, and one more day from
// TORTURE_SET_BACK_AT_MS on. Timers and performance.now go on, as they do when a system's clock is set.
const day = 86_400_000;
const [days, at] = [Number(process.env.TORTURE_DAYS_BACK), Number(process.env.TORTURE_SET_BACK_AT_MS)];
const RealDate = Date;
const now = () => RealDate.now() - day * (days + (performance.now() >= at ? 1 : 0));
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [now()] : args));
  }
  static now() {
    return now();
  }
};
