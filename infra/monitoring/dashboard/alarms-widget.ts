import { AlarmStatusWidget, ConcreteWidget, type IAlarm, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';

const size = { width: 24, height: 4 };

/** The states of all alarms, of which receivers add some after the dashboard. CloudWatch refuses a widget of no alarms. */
export class AlarmsWidget extends ConcreteWidget {
  readonly #alarms: readonly IAlarm[];

  constructor(alarms: readonly IAlarm[]) {
    super(size.width, size.height);
    this.#alarms = alarms;
  }

  override toJson() {
    const shown =
      this.#alarms.length === 0
        ? new TextWidget({ ...size, markdown: 'Alarms are switched off by the configuration.' })
        : new AlarmStatusWidget({ ...size, title: 'Alarms', alarms: [...this.#alarms] });
    shown.position(this.x ?? 0, this.y ?? 0);
    return shown.toJson();
  }
}
