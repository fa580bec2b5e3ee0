/* vpcd's driver with a plug: while the file AWAY exists its readers are gone, as a USB reader that was pulled out. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ifdhandler.h>
#include <unistd.h>

static int is_away(void) { return access(AWAY, F_OK) == 0; }

RESPONSECODE IFDHICCPresence(DWORD lun)
{
    RESPONSECODE (*real)(DWORD) = dlsym(RTLD_NEXT, "IFDHICCPresence");
    return is_away() ? IFD_NO_SUCH_DEVICE : real(lun);
}

RESPONSECODE IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER send, PUCHAR out, DWORD size, PUCHAR in, PDWORD room,
                               PSCARD_IO_HEADER receive)
{
    RESPONSECODE (*real)(DWORD, SCARD_IO_HEADER, PUCHAR, DWORD, PUCHAR, PDWORD, PSCARD_IO_HEADER) =
        dlsym(RTLD_NEXT, "IFDHTransmitToICC");
    RESPONSECODE done = is_away() ? IFD_NO_SUCH_DEVICE : real(lun, send, out, size, in, room, receive);
    if (!is_away())
        return done;
    *room = 0;
    return IFD_NO_SUCH_DEVICE;
}
