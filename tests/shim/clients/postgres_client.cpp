// libpq, one connection for each fiber, every other one to the second place: postgres_client COUNT PLACE PLACE SECONDS.
// Each sleeps SECONDS in the server, has a number doubled there, reads many rows, and makes an error that has to be told.
#include "many.hpp"

#include <libpq-fe.h>

#include <cstdlib>
#include <string>

namespace {

using Connection = clients::Owned<PGconn, PQfinish>;
using Result = clients::Owned<PGresult, PQclear>;

class Talk {
public:
    explicit Talk(const char* where) : connection_(PQconnectdb(where)) {
        clients::require(PQstatus(connection_.get()) == CONNECTION_OK, PQerrorMessage(connection_.get()));
    }

    Result ask(const char* command, const std::string& parameter, ExecStatusType wanted) {
        const char* value = parameter.c_str();
        Result result(PQexecParams(connection_.get(), command, parameter.empty() ? 0 : 1, nullptr, &value,
                                   nullptr, nullptr, 0));
        clients::require(PQresultStatus(result.get()) == wanted,
                         std::string(command) + ": " + PQresultErrorMessage(result.get()));
        return result;
    }

private:
    Connection connection_;
};

void request(const char* where, const char* seconds, std::size_t number) {
    Talk talk(where);
    talk.ask("select pg_sleep($1::float)", seconds, PGRES_TUPLES_OK);
    const Result doubled = talk.ask("select 2 * $1::int", std::to_string(number), PGRES_TUPLES_OK);
    clients::require(PQgetvalue(doubled.get(), 0, 0) == std::to_string(2 * number), "another number");

    const Result failed = talk.ask("select 1 / 0", "", PGRES_FATAL_ERROR);
    clients::require(std::string(PQresultErrorField(failed.get(), PG_DIAG_SQLSTATE)) == "22012",
                     "another error");

    const std::string rows = std::to_string(number % 8 >= 6 ? 20'000 : 100);
    const Result series =
        talk.ask("select generate_series(1, $1::int), repeat('x', 40)", rows, PGRES_TUPLES_OK);
    const int last = PQntuples(series.get()) - 1;
    clients::require(last >= 0 && PQgetvalue(series.get(), last, 0) == rows, "other rows");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    return clients::run_many(std::strtoul(argv[1], nullptr, 10),
                             [&](std::size_t number) { request(argv[2 + number % 2], argv[4], number); });
}
