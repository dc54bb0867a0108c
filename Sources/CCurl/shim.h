// libcurl as SecretsManagerClient uses it. Swift cannot call C variadics, so each argument type
// of curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt has one inline here.
#pragma once
#include <curl/curl.h>
// The transport's loop sleeps in epoll and is woken by an eventfd; Swift's Glibc has neither.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <spawn.h>

// glibc declares these for _GNU_SOURCE only, without which Swift's Glibc is read.
extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int from);

typedef size_t (*rotactl_data_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode rotactl_easy_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode rotactl_easy_set_string(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode rotactl_easy_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode rotactl_easy_set_list(
    CURL *handle, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode rotactl_easy_set_callback(
    CURL *handle, CURLoption option, rotactl_data_callback value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode rotactl_easy_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode rotactl_easy_get_pointer(CURL *handle, CURLINFO info, void **value) {
  return curl_easy_getinfo(handle, info, (char **)value);
}
static inline CURLMcode rotactl_multi_set_long(CURLM *handle, CURLMoption option, long value) {
  return curl_multi_setopt(handle, option, value);
}
static inline CURLMcode rotactl_multi_set_pointer(CURLM *handle, CURLMoption option, void *value) {
  return curl_multi_setopt(handle, option, value);
}
static inline CURLMcode rotactl_multi_set_socket_callback(
    CURLM *handle, curl_socket_callback value) {
  return curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, value);
}
static inline CURLMcode rotactl_multi_set_timer_callback(
    CURLM *handle, curl_multi_timer_callback value) {
  return curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, value);
}
static inline CURLcode rotactl_easy_set_request_callback(
    CURL *handle, curl_prereq_callback value) {
  return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, value);
}
// The result sits in an anonymous union, which Swift sees under no stable name.
static inline CURLcode rotactl_message_result(const CURLMsg *message) {
  return message->data.result;
}
static inline CURLcode rotactl_easy_set_open_callback(CURL *handle, curl_sockopt_callback value) {
  return curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, value);
}
static inline CURLcode rotactl_easy_set_close_callback(
    CURL *handle, curl_closesocket_callback value) {
  return curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, value);
}
