// dynalite comes without types.
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** How long a table is in the state CREATING, UPDATING or DELETING; 500 ms where left out. */
    readonly createTableMs?: number;
    readonly updateTableMs?: number;
    readonly deleteTableMs?: number;
  }

  /** An HTTP server that answers like DynamoDB and keeps its tables in memory. */
  function dynalite(options?: DynaliteOptions): Server;
  export = dynalite;
}
