namespace ProtoBridgeMQ.Store.Files;

/// <summary>Directories that a power cut does not take away, with all that is in them.</summary>
internal static class DurableDirectory
{
    /// <summary>
    /// Makes a directory and those above it; their entries are on the disk on return. A directory that may not be read, or
    /// that is on a file system that is only read, was there before: nothing was made in it.
    /// </summary>
    public static void Create(IFileSystem files, string directory)
    {
        files.CreateDirectory(directory);
        for (var parent = Path.GetDirectoryName(Path.GetFullPath(directory)); !string.IsNullOrEmpty(parent); parent = Path.GetDirectoryName(parent))
        {
            try
            {
                files.SyncDirectory(parent);
            }
            catch (UnauthorizedAccessException)
            {
                return;
            }
        }
    }
}
