/* The server that the load driver and its peers are measured against: one thread, one answer. It notes when each request
 * arrived, so that lateness is what a server saw and not what a client says of itself. On its standard input:
 * `reset`, `fault N` (from then on each N-th request on a reused connection is read and its connection closed), and
 * `stats RATE`, answered by one line: requests, connections, injected faults, lateness in microseconds (p50 p99 p99.9)
 * against the ideal schedule of that rate, laid so that no arrival is early. With the argument `h2c` it speaks HTTP/2:
 * each GET is answered by HEADERS and DATA, and what came by one read is answered by one write. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FD 65536
#define MAX_ARRIVALS (1 << 21)
#define ROOM 8192

static struct { char *text; int length; int uses; int greeted; } peers[MAX_FD];
static double arrivals[MAX_ARRIVALS];
static long requests, connections, injected, reused, fault;

static const char keep[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
static const char bye[] =
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return d < 0 ? -1 : d > 0;
}

static void stats(double rate) {
  long n = requests < MAX_ARRIVALS ? requests : MAX_ARRIVALS;
  double earliest = 0, p[3] = {0, 0, 0}, at[3] = {0.5, 0.99, 0.999};
  if (rate > 0 && n > 0) {
    for (long i = 0; i < n; i++) {
      arrivals[i] -= i * 1e6 / rate;
      if (i == 0 || arrivals[i] < earliest) earliest = arrivals[i];
    }
    qsort(arrivals, n, sizeof(double), ascending);
    for (int k = 0; k < 3; k++) p[k] = arrivals[(long)(at[k] * (n - 1))] - earliest;
  }
  printf("%ld %ld %ld %.0f %.0f %.0f\n", requests, connections, injected, p[0], p[1], p[2]);
  fflush(stdout);
}

static void end(int fd) {
  free(peers[fd].text);
  peers[fd].text = NULL;
  close(fd);
}

/* False when the connection has ended. */
static int serve(int fd) {
  char *text = peers[fd].text;
  for (;;) {
    char *head = memmem(text, peers[fd].length, "\r\n\r\n", 4);
    if (head == NULL) return 1;
    int length = head + 4 - text;
    if (requests < MAX_ARRIVALS) arrivals[requests] = now_us();
    requests++;
    if (peers[fd].uses++ > 0 && fault > 0 && ++reused % fault == 0) {
      injected++;
      return 0;
    }
    int closing = memmem(text, length, "onnection: close", 16) != NULL;
    const char *answer = closing ? bye : keep;
    if (write(fd, answer, closing ? sizeof bye - 1 : sizeof keep - 1) < 0 || closing) return 0;
    peers[fd].length -= length;
    memmove(text, text + length, peers[fd].length);
  }
}

#define PREFACE 24
#define FRAME_HEAD 9
enum { HEADERS = 1, SETTINGS = 4, PING = 6 };
enum { ACK = 1, END_STREAM = 1, END_HEADERS = 4 };

static char *put_frame(char *at, int length, int type, int flags, const char *stream) {
  const char head[] = {0, length >> 8, length, type, flags};
  memcpy(at, head, sizeof head);
  memcpy(at + sizeof head, stream, 4);
  return at + FRAME_HEAD;
}

static char *put_answer(char *at, const char *stream) {
  /* :status 200, content-length 5 (RFC 7541: static entries 8 and 28) */
  static const char block[] = {(char)0x88, 0x0f, 13, 1, '5'};
  at = memcpy(put_frame(at, sizeof block, HEADERS, END_HEADERS, stream), block, sizeof block) + sizeof block;
  return memcpy(put_frame(at, 5, 0, END_STREAM, stream), "hello", 5) + 5;
}

/* False when the connection has ended. A request takes at least as many bytes as a third of its answer. */
static int serve_http2(int fd) {
  static char answers[4 * ROOM];
  static const char none[4];
  char *text = peers[fd].text, *out = answers;
  int at = 0, length = peers[fd].length;
  if (!peers[fd].greeted) {
    if (length < PREFACE) return 1;
    peers[fd].greeted = 1;
    at = PREFACE;
    out = put_frame(out, 0, SETTINGS, 0, none);
  }
  while (length - at >= FRAME_HEAD) {
    unsigned char *head = (unsigned char *)text + at;
    int size = head[0] << 16 | head[1] << 8 | head[2], type = head[3], flags = head[4];
    if (length - at < FRAME_HEAD + size) break;
    if (type == HEADERS && flags & END_STREAM) {
      requests++;
      out = put_answer(out, text + at + 5);
    } else if (type == SETTINGS && !(flags & ACK)) {
      out = put_frame(out, 0, SETTINGS, ACK, none);
    } else if (type == PING && !(flags & ACK)) {
      out = memcpy(put_frame(out, 8, PING, ACK, none), text + at + FRAME_HEAD, 8) + 8;
    }
    at += FRAME_HEAD + size;
  }
  peers[fd].length -= at;
  memmove(text, text + at, peers[fd].length);
  return out == answers || write(fd, answers, out - answers) == out - answers;
}

static int (*serve_peer)(int fd) = serve;

static void receive(int fd) {
  int n = read(fd, peers[fd].text + peers[fd].length, ROOM - peers[fd].length);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return end(fd);
  peers[fd].length += n;
  if (!serve_peer(fd)) end(fd);
}

static void command(void) {
  static char line[256];
  int n = read(0, line, sizeof line - 1);
  if (n <= 0) exit(0);
  line[n] = 0;
  if (strncmp(line, "fault ", 6) == 0) fault = atol(line + 6);
  if (strncmp(line, "stats ", 6) == 0) stats(atof(line + 6));
  requests = connections = injected = reused = 0;
}

static void add(int queue, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event);
}

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "h2c") == 0) serve_peer = serve_http2;
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bind(listener, (struct sockaddr *)&at, size);
  listen(listener, 4096);
  getsockname(listener, (struct sockaddr *)&at, &size);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  int queue = epoll_create1(0);
  add(queue, 0);
  add(queue, listener);
  struct epoll_event events[256];
  for (;;) {
    int n = epoll_wait(queue, events, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == 0) command();
      else if (fd != listener) receive(fd);
      else
        for (int peer; (peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
          if (peer >= MAX_FD) { close(peer); continue; }
          setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          peers[peer].text = malloc(ROOM);
          peers[peer].length = peers[peer].uses = peers[peer].greeted = 0;
          connections++;
          add(queue, peer);
        }
    }
  }
}
