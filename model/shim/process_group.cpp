// libtorch's c10d for Rust: a store where processes meet, and a backend (Gloo or NCCL) that adds
// their tensors up. model/src/distributed/c10d.rs declares the same functions.
//
// No exception leaves this file: a function returns null, or what went wrong, to be freed with
// textmill_message_free.

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <dlfcn.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace {

using std::chrono::milliseconds;
using StorePtr = c10::intrusive_ptr<c10d::Store>;
using BackendPtr = c10::intrusive_ptr<c10d::Backend>;
using OptionsPtr = c10::intrusive_ptr<c10d::Backend::Options>;

template <typename Function>
char* guarded(Function function) {
  try {
    function();
    return nullptr;
  } catch (const c10::Error& error) {
    return strdup(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return strdup(error.what());
  } catch (...) {
    return strdup("an exception of an unknown type");
  }
}

// c10d's headers of Gloo and NCCL do not compile with the wheel alone: it lacks gloo/ and nccl.h.
// So what they declare is called by its mangled name, in which the types of all parameters are
// spelled out. For NCCL that also avoids linking libtorch_cuda, which a CPU set-up cannot load:
// its symbols are there once model/src/device.rs has loaded it.
constexpr auto GLOO_OPTIONS =
    "_ZN4c10d16ProcessGroupGloo7Options14create_defaultENSt6chrono8durationIlSt5ratioILl1ELl1000EEEE";
constexpr auto GLOO =
    "_ZN4c10d16ProcessGroupGlooC1ERKN3c1013intrusive_ptrINS_5StoreENS1_6detail34intrusive_target_"
    "default_null_typeIS3_EEEEiiNS2_INS0_7OptionsENS5_ISA_EEEE";
constexpr auto NCCL_OPTIONS = "_ZN4c10d16ProcessGroupNCCL7OptionsC1Eb";
constexpr auto NCCL =
    "_ZN4c10d16ProcessGroupNCCLC1EN3c1013intrusive_ptrINS_5StoreENS1_6detail34intrusive_target_"
    "default_null_typeIS3_EEEEiiNS2_INS0_7OptionsENS5_IS8_EEEE";

// The sizes of these objects are not known here. In libtorch 2.11, as its Python bindings allocate
// them: Gloo 488 bytes, NCCL 1112, NCCL's options 248.
constexpr std::size_t ROOM = 4096;

template <typename Function>
Function symbol(const char* name) {
  void* found = dlsym(RTLD_DEFAULT, name);
  TORCH_CHECK(
      found != nullptr,
      "libtorch has no ",
      name,
      "; for NCCL its CUDA half must be installed (make setup CUDA=1)");
  return reinterpret_cast<Function>(found);
}

template <typename Base, typename... Arguments>
c10::intrusive_ptr<Base> construct(const char* name, Arguments... arguments) {
  auto constructor = symbol<void (*)(void*, Arguments...)>(name);
  void* object = ::operator new(ROOM);
  std::memset(object, 0, ROOM);
  try {
    constructor(object, arguments...);
  } catch (...) {
    ::operator delete(object);
    throw;
  }
  // Base is the first and only base class, so it begins where the object does.
  return c10::intrusive_ptr<Base>::unsafe_steal_from_new(static_cast<Base*>(object));
}

BackendPtr gloo(const StorePtr& store, int rank, int world, milliseconds timeout) {
  auto options = symbol<OptionsPtr (*)(milliseconds)>(GLOO_OPTIONS)(timeout);
  return construct<c10d::Backend, const StorePtr&, int, int, OptionsPtr>(
      GLOO, store, rank, world, options);
}

BackendPtr nccl(const StorePtr& store, int rank, int world, milliseconds timeout) {
  auto options = construct<c10d::Backend::Options, bool>(NCCL_OPTIONS, false);
  options->timeout = timeout;
  return construct<c10d::Backend, StorePtr, int, int, OptionsPtr>(
      NCCL, store, rank, world, options);
}

} // namespace

extern "C" {

struct TextmillStore {
  StorePtr store;
};

struct TextmillBackend {
  BackendPtr backend;
};

void textmill_message_free(char* message) {
  std::free(message);
}

// Connects to the store at host:port, which this process serves if `server`.
char* textmill_store_connect(
    const char* host,
    std::uint16_t port,
    bool server,
    std::int64_t timeout_ms,
    const char* prefix,
    TextmillStore** out) {
  return guarded([&] {
    // c10d writes what it throws to standard error as well, with a stack trace. The variable is
    // libtorch's own.
    if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) {
      FLAGS_caffe2_log_level = c10::GLOG_FATAL;
    }
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = server;
    options.waitWorkers = false;
    options.timeout = milliseconds(timeout_ms);
    StorePtr store = c10::make_intrusive<c10d::TCPStore>(host, options);
    *out = new TextmillStore{c10::make_intrusive<c10d::PrefixStore>(prefix, std::move(store))};
  });
}

// A second connection to the same store, for another thread.
char* textmill_store_share(TextmillStore* store, TextmillStore** out) {
  return guarded([&] { *out = new TextmillStore{store->store->clone()}; });
}

void textmill_store_free(TextmillStore* store) {
  delete store;
}

char* textmill_store_set(TextmillStore* store, const char* key, const char* value) {
  return guarded([&] { store->store->set(key, std::string(value)); });
}

// The value of a key, to be freed as a message; null if there is none.
char* textmill_store_get(TextmillStore* store, const char* key, char** out) {
  return guarded([&] {
    const bool there = store->store->check({key});
    *out = there ? strdup(store->store->get_to_str(key).c_str()) : nullptr;
  });
}

// Adds to the counter of a key, which begins at 0, and gives its value.
char* textmill_store_add(
    TextmillStore* store,
    const char* key,
    std::int64_t amount,
    std::int64_t* out) {
  return guarded([&] { *out = store->store->add(key, amount); });
}

// Connects a backend with those of all other ranks, which meet at the store.
char* textmill_backend_connect(
    TextmillStore* store,
    bool use_nccl,
    int rank,
    int world,
    std::int64_t timeout_ms,
    TextmillBackend** out) {
  return guarded([&] {
    auto prefixed =
        c10::make_intrusive<c10d::PrefixStore>(use_nccl ? "nccl" : "gloo", store->store);
    auto connect = use_nccl ? nccl : gloo;
    *out = new TextmillBackend{connect(prefixed, rank, world, milliseconds(timeout_ms))};
  });
}

void textmill_backend_free(TextmillBackend* backend) {
  guarded([&] { delete backend; });
}

// Puts the sum over all ranks in place of a tensor (torch-sys' C_tensor, which is an at::Tensor).
char* textmill_all_reduce_sum(TextmillBackend* backend, void* tensor) {
  return guarded([&] {
    std::vector<at::Tensor> tensors{*static_cast<at::Tensor*>(tensor)};
    backend->backend->allreduce(tensors)->wait();
  });
}

// Puts the tensor of one rank in place of those of the others.
char* textmill_broadcast(TextmillBackend* backend, void* tensor, std::int64_t root) {
  return guarded([&] {
    c10d::BroadcastOptions options;
    options.rootRank = root;
    std::vector<at::Tensor> tensors{*static_cast<at::Tensor*>(tensor)};
    backend->backend->broadcast(tensors, options)->wait();
  });
}

} // extern "C"
