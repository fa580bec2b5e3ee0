"""People 人员: holders and guardians as the school's roster has them, persons who sign in, and what each may see.

Functions over an open file DATA/cloud/people.db, inside of the caller's transaction; rules about people stand in files
without any I/O beside them. Secrets are kept as digests: nobody reads a token, a code or a password out of the file.
"""
