#pragma once
// libgpiod 2 words over libgpiod 1.6 and 2.x.
#include <stdint.h>
