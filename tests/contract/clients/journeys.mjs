// Journeys of JavaScript clients: create, search, page to the end, count, history, patch, transaction.
// node journeys.mjs CLIENT ROOT TOKEN; the exit code is 1 at the first thing that is not as it should be.

import assert from 'node:assert/strict';

const SYSTEM = 'urn:test:journey';
const URN = 'urn:uuid:6c1f2a1e-3f3b-4a53-9a0e-2d7a8d2f7a02';

const patient = (value, family) => ({
  resourceType: 'Patient',
  identifier: [{ system: SYSTEM, value }],
  name: [{ use: 'official', family, given: ['Thị', 'Thử'] }],
  gender: 'female',
  birthDate: '1990-05-06',
});

const transaction = (value) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    { fullUrl: URN, resource: patient(value, 'Giao'), request: { method: 'POST', url: 'Patient' } },
    {
      resource: { resourceType: 'Condition', subject: { reference: URN }, code: { text: 'x' } },
      request: { method: 'POST', url: 'Condition' },
    },
  ],
});

const versions = (bundle) => bundle.entry.map((entry) => entry.resource.meta.versionId);
const idIn = (entry) => entry.response.location.match(/(?:Patient|Condition)\/([^/]+)/)[1];

async function fhirKit(root, token) {
  const { Client } = await import('fhir-kit-client');
  const client = new Client({ baseUrl: `${root}/fhir/r4`, bearerToken: token });
  const statement = await client.capabilityStatement();
  assert.equal(statement.fhirVersion, '4.0.1');
  const made = [];
  for (let n = 0; n < 5; n += 1) {
    made.push(await client.create({ resourceType: 'Patient', body: patient(`fk-${n}`, 'Fhirkit') }));
  }
  const ids = new Set(made.map((one) => one.id));
  let page = await client.search({ resourceType: 'Patient', searchParams: { name: 'fhirkit', _count: '2' } });
  const sizes = [];
  const seen = new Set();
  while (page) {
    sizes.push(page.entry.length);
    page.entry.forEach((entry) => seen.add(entry.resource.id));
    page = await client.nextPage({ bundle: page });
  }
  assert.deepEqual(sizes, [2, 2, 1]);
  assert.deepEqual(seen, ids);
  const posted = await client.search({
    resourceType: 'Patient',
    searchParams: { identifier: `${SYSTEM}|fk-3` },
    options: { postSearch: true },
  });
  assert.equal(posted.entry[0].resource.id, made[3].id);
  const count = await client.search({ resourceType: 'Patient', searchParams: { name: 'fhirkit', _summary: 'count' } });
  assert.equal(count.total, 5);
  const { id } = made[0];
  const changed = { ...made[0], gender: 'other' };
  const updated = await client.update({
    resourceType: 'Patient', id, body: changed, options: { headers: { 'If-Match': 'W/"1"' } },
  });
  assert.equal(updated.meta.versionId, '2');
  await assert.rejects(
    client.update({ resourceType: 'Patient', id, body: changed, options: { headers: { 'If-Match': 'W/"1"' } } }),
    (error) => error.response.status === 412 && error.response.data.resourceType === 'OperationOutcome',
  );
  const patched = await client.patch({
    resourceType: 'Patient',
    id,
    jsonPatch: [{ op: 'replace', path: '/birthDate', value: '1991-01-01' }],
    options: { headers: { 'If-Match': 'W/"2"' } },
  });
  assert.equal(patched.birthDate, '1991-01-01');
  assert.deepEqual(versions(await client.history({ resourceType: 'Patient', id })), ['3', '2', '1']);
  assert.ok((await client.history({ resourceType: 'Patient' })).entry.length >= 7);
  assert.ok((await client.history()).entry.length >= 7);
  assert.equal((await client.vread({ resourceType: 'Patient', id, version: '1' })).gender, 'female');
  const answer = await client.transaction({ body: transaction('fk-tx') });
  const condition = await client.read({ resourceType: 'Condition', id: idIn(answer.entry[1]) });
  assert.equal(condition.subject.reference, `Patient/${idIn(answer.entry[0])}`);
  const subject = await client.resolve({ reference: condition.subject.reference });
  assert.equal(subject.identifier[0].value, 'fk-tx');
  const batch = await client.batch({
    body: { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient/${id}` } }] },
  });
  assert.equal(batch.entry[0].resource.id, id);
  await client.delete({ resourceType: 'Patient', id: made[4].id });
  await assert.rejects(
    client.read({ resourceType: 'Patient', id: made[4].id }),
    (error) => error.response.status === 410,
  );
}

async function medplum(root, token) {
  const { MedplumClient, MemoryStorage, ClientStorage } = await import('@medplum/core');
  const client = new MedplumClient({
    baseUrl: `${root}/`,
    fhirUrlPath: 'fhir/r4',
    fetch,
    cacheTime: 0,
    storage: new ClientStorage(new MemoryStorage()),
  });
  client.setAccessToken(token);
  const made = [];
  for (let n = 0; n < 5; n += 1) {
    made.push(await client.createResource(patient(`mp-${n}`, 'Medplum')));
  }
  const ids = new Set(made.map((one) => one.id));
  const sizes = [];
  const seen = new Set();
  for await (const page of client.searchResourcePages('Patient', { name: 'medplum', _count: 2 })) {
    sizes.push(page.length);
    page.forEach((one) => seen.add(one.id));
  }
  assert.deepEqual(sizes, [2, 2, 1]);
  assert.deepEqual(seen, ids);
  const counted = await client.search('Patient', { name: 'medplum', _total: 'accurate', _count: 1 });
  assert.equal(counted.total, 5);
  assert.equal((await client.searchOne('Patient', { identifier: `${SYSTEM}|mp-2` })).id, made[2].id);
  const again = await client.createResourceIfNoneExist(patient('mp-2', 'Medplum'), `identifier=${SYSTEM}|mp-2`);
  assert.equal(again.id, made[2].id);
  const { id } = made[0];
  const updated = await client.updateResource({ ...made[0], gender: 'other' });
  assert.equal(updated.meta.versionId, '2');
  const patched = await client.patchResource('Patient', id, [
    { op: 'test', path: '/meta/versionId', value: '2' },
    { op: 'replace', path: '/birthDate', value: '1991-01-01' },
  ]);
  assert.deepEqual([patched.meta.versionId, patched.birthDate], ['3', '1991-01-01']);
  const history = await client.readHistory('Patient', id);
  assert.deepEqual(versions(history), ['3', '2', '1']);
  assert.equal((await client.readVersion('Patient', id, '1')).gender, 'female');
  const answer = await client.executeBatch(transaction('mp-tx'));
  assert.ok(answer.entry.every((entry) => entry.response.status.startsWith('201')));
  const condition = await client.readResource('Condition', idIn(answer.entry[1]));
  const subject = await client.readReference(condition.subject);
  assert.equal(subject.identifier[0].value, 'mp-tx');
  const upserted = await client.upsertResource(patient('mp-tx', 'Giao đổi'), `identifier=${SYSTEM}|mp-tx`);
  assert.equal(upserted.id, subject.id);
  await client.deleteResource('Patient', made[4].id);
  await assert.rejects(client.readResource('Patient', made[4].id), (error) => error.outcome?.resourceType === 'OperationOutcome');
}

const [name, root, token] = process.argv.slice(2);
await { 'fhir-kit-client': fhirKit, '@medplum/core': medplum }[name](root, token);
console.log(`${name}: journey complete`);
