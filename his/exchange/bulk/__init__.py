"""Bulk export and import of FHIR resources: jobs in a table, done by the worker in steps, files under the data directory.

http://hl7.org/fhir/uv/bulkdata. A step reads one keyset page, writes it to a file and notes where it ended; after a kill the
files are cut back to the last note and the work goes on from there.
"""
