// guest: many
// Names and addresses that need no server: numbers, localhost from the hosts file, and each kind of error.
#include <net/if.h>
#include <netdb.h>

#include "net.h"

static const char* name_of(int error) {
    switch (error) {
        case 0:
            return "0";
        case EAI_ADDRFAMILY:
            return "EAI_ADDRFAMILY";
        case EAI_AGAIN:
            return "EAI_AGAIN";
        case EAI_BADFLAGS:
            return "EAI_BADFLAGS";
        case EAI_FAIL:
            return "EAI_FAIL";
        case EAI_FAMILY:
            return "EAI_FAMILY";
        case EAI_NODATA:
            return "EAI_NODATA";
        case EAI_NONAME:
            return "EAI_NONAME";
        case EAI_OVERFLOW:
            return "EAI_OVERFLOW";
        case EAI_SERVICE:
            return "EAI_SERVICE";
        case EAI_SOCKTYPE:
            return "EAI_SOCKTYPE";
        case EAI_SYSTEM:
            return "EAI_SYSTEM";
        default:
            return "another";
    }
}

static int is_same(const struct addrinfo* one, const struct addrinfo* other) {
    return one->ai_socktype == other->ai_socktype && one->ai_addrlen == other->ai_addrlen &&
           memcmp(one->ai_addr, other->ai_addr, one->ai_addrlen) == 0;
}

static void look_up(const char* host, const char* service, int flags, int family, int type) {
    const struct addrinfo hints = {.ai_flags = flags, .ai_family = family, .ai_socktype = type};
    struct addrinfo* list = NULL;
    const int error = getaddrinfo(host, service, &hints, &list);
    printf("%s, %s: %s", host != NULL ? host : "(none)", service != NULL ? service : "(none)",
           name_of(error));
    for (const struct addrinfo *each = list, *before = NULL; each != NULL && error == 0;
         before = each, each = each->ai_next) {
        char numbers[64] = "", port[16] = "";
        // A hosts file with a line for localhost of IPv6 too makes libc say an address of IPv4 twice.
        if (before != NULL && is_same(before, each)) {
            continue;
        }
        getnameinfo(each->ai_addr, each->ai_addrlen, numbers, sizeof numbers, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
        printf(" [%s]:%s type %d protocol %d%s", numbers, port, each->ai_socktype, each->ai_protocol,
               each == list && each->ai_canonname != NULL ? " with a canonical name" : "");
    }
    puts("");
    if (error == 0) {
        freeaddrinfo(list);
    }
}

static void addresses(void) {
    look_up("127.0.0.1", "80", 0, AF_UNSPEC, SOCK_STREAM);
    look_up("127.0.0.1", NULL, 0, AF_INET, 0);
    look_up("::1", "443", 0, AF_UNSPEC, SOCK_STREAM);
    look_up("127.1", "1", AI_NUMERICHOST, AF_INET, SOCK_DGRAM);
    look_up(NULL, "8080", AI_PASSIVE, AF_INET, SOCK_STREAM);
    look_up(NULL, "8080", 0, AF_INET, SOCK_STREAM);
    look_up("localhost", "0", 0, AF_INET, SOCK_STREAM);
    look_up("localhost", "65535", AI_CANONNAME, AF_INET, SOCK_DGRAM);
    look_up("::ffff:127.0.0.1", "1", AI_NUMERICHOST, AF_INET6, SOCK_STREAM);
    look_up("127.0.0.1", "1", AI_V4MAPPED | AI_NUMERICHOST, AF_INET6, SOCK_STREAM);
    look_up("127.0.0.1", "1", AI_NUMERICHOST, AF_INET6, SOCK_STREAM);
    look_up("localhost", "1", AI_NUMERICHOST, AF_INET, SOCK_STREAM);
    look_up("localhost", "http", AI_NUMERICSERV, AF_INET, SOCK_STREAM);
    look_up("localhost", "no such service", 0, AF_INET, SOCK_STREAM);
    look_up(NULL, NULL, 0, AF_INET, SOCK_STREAM);
    look_up("localhost", "1", 0, 77, SOCK_STREAM);
    look_up("localhost", "1", 0, AF_INET, 77);
    look_up("localhost", "1", 1 << 30, AF_INET, SOCK_STREAM);
    look_up(NULL, "1", AI_CANONNAME, AF_INET, SOCK_STREAM);
}

static void back(void) {
    const struct sockaddr_in local = loopback(htons(80));
    const struct sockaddr* address = (const struct sockaddr*)&local;
    const struct sockaddr strange = {.sa_family = 77};
    char host[64] = "", service[64] = "";
    puts(name_of(getnameinfo(address, sizeof local, host, sizeof host, NULL, 0, 0)));
    puts(host);
    puts(name_of(getnameinfo(address, sizeof local, host, sizeof host, service, sizeof service,
                             NI_NUMERICHOST | NI_NUMERICSERV)));
    printf("%s %s\n", host, service);
    puts(name_of(getnameinfo(address, sizeof local, host, 4, NULL, 0, NI_NUMERICHOST)));
    puts(name_of(getnameinfo(address, 3, host, sizeof host, NULL, 0, 0)));
    puts(name_of(getnameinfo(&strange, sizeof strange, host, sizeof host, NULL, 0, 0)));
    puts(name_of(getnameinfo(address, sizeof local, host, sizeof host, NULL, 0, 1 << 30)));
}

static void show_host(const struct hostent* host) {
    struct in_addr first;
    if (host == NULL) {
        puts("no host");
        return;
    }
    memcpy(&first, host->h_addr_list[0], sizeof first);
    printf("type %d, %d bytes, first %s\n", host->h_addrtype, host->h_length, inet_ntoa(first));
}

static void old_calls(void) {
    struct hostent storage, *found = NULL;
    char room[2048];
    int error = 0;
    const struct in_addr local = {htonl(INADDR_LOOPBACK)};
    show_host(gethostbyname("127.0.0.1"));
    show_host(gethostbyname("localhost"));
    show_host(gethostbyname2("10.1.2.3", AF_INET));
    SHOW(gethostbyname_r("localhost", &storage, room, sizeof room, &found, &error));
    show_host(found);
    SHOW_ERROR(gethostbyname_r("localhost", &storage, room, 8, &found, &error));
    SHOW(error == NETDB_INTERNAL && found == NULL);
    SHOW(gethostbyname2_r("127.0.0.1", AF_INET, &storage, room, sizeof room, &found, &error));
    show_host(found);
    SHOW(gethostbyaddr_r(&local, sizeof local, AF_INET, &storage, room, sizeof room, &found, &error));
    printf("%s\n", found != NULL ? found->h_name : "no name");
    show_host(gethostbyaddr(&local, sizeof local, AF_INET));
    SHOW(if_nametoindex("lo") > 0);
}

int main(void) {
    addresses();
    back();
    old_calls();
    return 0;
}
