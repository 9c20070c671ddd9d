import type { DatabaseConnection, Dialect, Driver } from 'kysely';
import { storeFault, storeUnavailable } from './errors.ts';

/** The same dialect, but faults of the database itself become VoicecallError store_unavailable, for reads too. */
export function guarded(dialect: Dialect): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (database) => dialect.createIntrospector(database),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => guardDriver(dialect.createDriver()),
  };
}

function guardDriver(driver: Driver): Driver {
  const known = new WeakSet<DatabaseConnection>();
  const init = driver.init.bind(driver);
  const acquire = driver.acquireConnection.bind(driver);
  driver.init = (options) => init(options).catch(translate);
  driver.acquireConnection = async (options) => {
    const connection = await acquire(options).catch(translate);
    if (!known.has(connection)) {
      known.add(connection);
      const execute = connection.executeQuery.bind(connection);
      connection.executeQuery = <Row>(...parameters: Parameters<typeof connection.executeQuery>) =>
        execute<Row>(...parameters).catch(translate);
    }
    return connection;
  };
  return driver;
}

function translate(error: unknown): never {
  const fault = storeFault(error);
  throw fault === undefined ? error : storeUnavailable(fault, error);
}
