import type { Retired } from './schema.ts';

/** Settings of earlier versions. */
export const retiredSettings: Retired = {
  fields: {
    freshnessSeconds:
      'leave it out: changes of people go first, and the alarm `freshness` goes by 60 s (`alarms.off` leaves it out)',
  },
};

const insteadOfPressure =
  'write `coalesce: { siblings: 50 }` for directories always, or leave it out: of directories there are 20 a day by default';

/** Values of `coalesce` of earlier versions. */
export const retiredCoalescing: Retired = {
  fields: { when: `it is always \`always\`: ${insteadOfPressure}` },
  values: { 'under-pressure': insteadOfPressure },
};
