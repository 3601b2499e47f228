"""What the shim has to handle: the calls that its issue names, with their fortified, prefixed, 64-bit, versioned and C11 names.

Of a family such as sem_* or res_* these are the calls that wait and those that wake who waits; what only makes, ends or describes
(sem_init, res_mkquery) waits for nothing."""

REQUIRED = set("""
    read __read __read_chk readv preadv preadv64 preadv2 preadv64v2 pread pread64 __pread64 __pread_chk __pread64_chk
    write __write writev pwrite pwrite64 __pwrite64 pwritev pwritev64 pwritev2 pwritev64v2
    recv __recv_chk recvfrom __recvfrom_chk recvmsg recvmmsg send __send sendto sendmsg sendmmsg
    sendfile sendfile64 splice tee vmsplice copy_file_range connect __connect accept accept4
    eventfd_read eventfd_write fcntl fcntl64 __fcntl ioctl mq_send mq_receive mq_timedsend mq_timedreceive

    poll __poll __poll_chk ppoll __ppoll_chk select __select pselect epoll_wait epoll_pwait epoll_pwait2

    sleep usleep nanosleep __nanosleep clock_nanosleep thrd_sleep sched_yield __sched_yield pthread_yield thrd_yield

    getaddrinfo getnameinfo gethostbyname gethostbyname2 gethostbyaddr gethostbyname_r gethostbyname2_r gethostbyaddr_r
    res_query __res_query res_search __res_search res_querydomain __res_querydomain res_send __res_send
    res_nquery __res_nquery res_nsearch __res_nsearch res_nquerydomain __res_nquerydomain res_nsend __res_nsend

    wait __wait waitpid __waitpid wait3 wait4 waitid system popen _IO_popen pclose posix_spawn posix_spawnp

    flock lockf lockf64 sem_wait sem_timedwait sem_clockwait sem_trywait sem_post
    pthread_mutex_lock __pthread_mutex_lock pthread_mutex_trylock __pthread_mutex_trylock pthread_mutex_timedlock
    pthread_mutex_clocklock pthread_mutex_unlock __pthread_mutex_unlock pthread_mutex_init __pthread_mutex_init
    pthread_mutex_destroy __pthread_mutex_destroy
    pthread_cond_wait pthread_cond_timedwait pthread_cond_clockwait pthread_cond_signal pthread_cond_broadcast
    pthread_rwlock_rdlock __pthread_rwlock_rdlock pthread_rwlock_wrlock __pthread_rwlock_wrlock pthread_rwlock_tryrdlock
    __pthread_rwlock_tryrdlock pthread_rwlock_trywrlock __pthread_rwlock_trywrlock pthread_rwlock_timedrdlock
    pthread_rwlock_timedwrlock pthread_rwlock_clockrdlock pthread_rwlock_clockwrlock pthread_rwlock_unlock
    __pthread_rwlock_unlock pthread_barrier_wait pthread_barrier_destroy pthread_once __pthread_once call_once
    mtx_lock mtx_timedlock mtx_trylock mtx_unlock cnd_wait cnd_timedwait cnd_signal cnd_broadcast thrd_join syscall

    sigwait sigwaitinfo sigtimedwait

    fread fread_unlocked __fread_chk __fread_unlocked_chk _IO_fread fgets fgets_unlocked __fgets_chk __fgets_unlocked_chk
    _IO_fgets fgetc fgetc_unlocked getc getc_unlocked _IO_getc getchar getchar_unlocked getw gets _IO_gets __gets_chk getline
    getdelim __getdelim __uflow __underflow _IO_sgetn fgetwc fgetwc_unlocked getwc getwc_unlocked getwchar getwchar_unlocked
    fgetws fgetws_unlocked __fgetws_chk __fgetws_unlocked_chk __wuflow __wunderflow
    scanf fscanf vscanf vfscanf __vfscanf __isoc99_scanf __isoc99_fscanf __isoc99_vscanf __isoc99_vfscanf _IO_vfscanf
    wscanf fwscanf vwscanf vfwscanf __isoc99_wscanf __isoc99_fwscanf __isoc99_vwscanf __isoc99_vfwscanf

    close __close close_range closefrom dup dup2 __dup2 dup3 socket socketpair pipe __pipe pipe2
    fork __fork vfork __vfork _Fork execl execle execlp execv execve execvp execvpe execveat fexecve

    fsync fdatasync

    pthread_key_create __pthread_key_create pthread_key_delete pthread_getspecific __pthread_getspecific
    pthread_setspecific __pthread_setspecific tss_create tss_delete tss_get tss_set

    __cxa_guard_acquire __cxa_guard_release __cxa_guard_abort
""".split())

# These came after glibc 2.36: a library that has them not is no fault.
NEWER = set("""
    __isoc23_scanf __isoc23_fscanf __isoc23_vscanf __isoc23_vfscanf
    __isoc23_wscanf __isoc23_fwscanf __isoc23_vwscanf __isoc23_vfwscanf pidfd_spawn pidfd_spawnp
""".split())

# Not of the C library but of the C++ one.
OF_CXX = {"__cxa_guard_acquire", "__cxa_guard_release", "__cxa_guard_abort"}
