#include <punctual/http/admin_server.hpp>
#include <punctual/http/bearer_tokens.hpp>
#include <punctual/http/health_check.hpp>
#include <punctual/http/jobs_controller.hpp>
#include <punctual/http/mount.hpp>
