import {
  AlarmStatusWidget,
  ConcreteWidget,
  type IAlarm,
  type IWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';

const size = { width: 24, height: 4 };

/** Most alarms that a widget takes. */
const maxAlarms = 100;

/**
 * The states of all alarms, of which receivers add some after the dashboard: in several widgets next to each other where
 * one does not take them all. CloudWatch refuses a widget of no alarms.
 */
export class AlarmsWidget extends ConcreteWidget {
  readonly #alarms: readonly IAlarm[];

  constructor(alarms: readonly IAlarm[]) {
    super(size.width, size.height);
    this.#alarms = alarms;
  }

  override toJson() {
    return this.#widgets().flatMap((shown, index) => {
      shown.position((this.x ?? 0) + index * shown.width, this.y ?? 0);
      return shown.toJson();
    });
  }

  #widgets(): readonly IWidget[] {
    const count = Math.ceil(this.#alarms.length / maxAlarms);
    if (count === 0) {
      return [new TextWidget({ ...size, markdown: 'Alarms are switched off by the configuration.' })];
    }
    const width = Math.floor(size.width / count);
    return Array.from({ length: count }, (_, index) => {
      const alarms = this.#alarms.slice(index * maxAlarms, (index + 1) * maxAlarms);
      return new AlarmStatusWidget({ ...size, width, title: 'Alarms', alarms });
    });
  }
}
