#pragma once

namespace sessync::workspace {

/// A read lease (fcntl(2), F_SETLEASE) on an open file. While it is held nobody has the file open
/// or mapped for writing, and whoever opens it for writing, or truncates it, waits until the lease
/// is given back: what is read meanwhile is the content of one instant. The kernel takes it away
/// after 45 s, so look often whether it is still wanted by nobody else, and give it back at once if
/// not.
///
/// That holds where the kernel itself keeps the files. On an overlay a mapping belongs to the file
/// below, and of other machines' writers (FUSE, 9P, network) a lease may know nothing.
///
/// The kernel tells of a waiting writer with a signal. It is SIGURG, which by default does nothing
/// and interrupts nothing, whatever thread has it blocked; is_undisturbed() asks instead.
class ReadLease {
 public:
  enum class Answer {
    kHeld,
    kHeldHere,  ///< as kHeld, but on a file system that others can write to past the kernel's eyes
    kWriterThere,  ///< somebody has the file open for writing (or the server gives no promise)
    kNotAllowed,   ///< not on this file system, or the file is somebody else's
  };

  ReadLease() = default;
  ReadLease(const ReadLease&) = delete;
  ReadLease& operator=(const ReadLease&) = delete;
  ~ReadLease() { give_back(); }

  /// `fd` must stay open until the lease is given back.
  Answer take(int fd);
  [[nodiscard]] bool is_taken() const { return fd_ >= 0; }
  /// It is held, and nobody waits for it.
  [[nodiscard]] bool is_undisturbed() const;
  void give_back();

 private:
  int fd_ = -1;
};

}  // namespace sessync::workspace
