"""A small application with a store of texts, as the migration guides have it.

It reads DATABASE_URL from its environment, else from the .env file beside it, and knows nothing of
neonlift. Without arguments it says which database it uses and how many texts are in it; `test` adds
a text, searches for it, and takes it out again; `add` adds a text that stays.
"""

import os
import sys
from pathlib import Path

import psycopg2

ADDED = "a text that only this test adds"


def database_url():
    if "DATABASE_URL" in os.environ:
        return os.environ["DATABASE_URL"]
    for line in (Path(__file__).parent / ".env").read_text(encoding="utf-8").splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        if name.strip() == "DATABASE_URL":
            return value.split("  #")[0].strip().strip("'\"")
    sys.exit("DATABASE_URL is not set")


def add_search_and_delete(connection):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vector_documents (user_id, collection_name, content, embedding)"
            " SELECT 'test', 'applications', %s, embedding FROM vector_documents"
            " WHERE embedding IS NOT NULL LIMIT 1 RETURNING id",
            (ADDED,),
        )
        (added,) = cursor.fetchone()
        connection.commit()
        cursor.execute(
            "SELECT count(*) FROM (SELECT id FROM vector_documents ORDER BY embedding <=>"
            " (SELECT embedding FROM vector_documents WHERE id = %s) LIMIT 1) nearest",
            (added,),
        )
        assert cursor.fetchone() == (1,), "the search finds nothing"
        cursor.execute("DELETE FROM vector_documents WHERE id = %s", (added,))
        assert cursor.rowcount == 1, "the text is not there"
        connection.commit()


def add(connection, text):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vector_documents (user_id, collection_name, content)"
            " VALUES ('shop', 'applications', %s)",
            (text,),
        )
    connection.commit()


def main():
    connection = psycopg2.connect(database_url())
    match sys.argv[1:]:
        case ["test"]:
            add_search_and_delete(connection)
        case ["add", text]:
            add(connection, text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), count(*) FROM vector_documents")
        print("{0} {1}".format(*cursor.fetchone()))


if __name__ == "__main__":
    main()
