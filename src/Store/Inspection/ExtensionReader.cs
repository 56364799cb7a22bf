using System.Globalization;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>Reads the units of <c>consumequeue_ext</c> that queue entries lead to. Keeps one file open.</summary>
internal sealed class ExtensionReader(StoreFiles store) : IDisposable
{
    private string? _path;
    private IRandomFile? _file;
    private long _fileSize = -1;

    /// <summary>Units read.</summary>
    public long Units { get; private set; }

    /// <summary>The tag code and store time of a unit; false when there is none at the address.</summary>
    public bool TryRead(string topic, int queueId, long address, out long tagsCode, out long storeTimestamp, out string file, out long position)
    {
        tagsCode = storeTimestamp = 0;
        var offset = ExtAddress.ToOffset(address);
        var directory = Path.Combine("consumequeue_ext", topic, queueId.ToString(CultureInfo.InvariantCulture));
        _fileSize = _fileSize < 0 ? SizeOf(directory) : _fileSize;
        position = _fileSize <= 0 ? 0 : offset % _fileSize;
        file = Path.Combine(directory, LogFileName.Of(offset - position));
        Span<byte> bytes = stackalloc byte[ExtUnit.MinimumSize];
        if (_fileSize <= 0 || !Open(file) || _file!.Read(bytes, position) < bytes.Length)
            return false;
        var size = System.Buffers.Binary.BinaryPrimitives.ReadInt16BigEndian(bytes);
        var whole = new byte[Math.Clamp((int)size, ExtUnit.MinimumSize, ExtUnit.MaximumSize)];
        if (_file.Read(whole, position) < whole.Length || !ExtUnit.TryRead(whole, out var unit))
            return false;
        Units++;
        tagsCode = unit.TagsCode;
        storeTimestamp = unit.StoreTimestamp;
        return true;
    }

    public void Dispose() => _file?.Dispose();

    private long SizeOf(string directory) =>
        store.Files.List(store.PathOf(directory)).Where(entry => !entry.IsDirectory && entry.Length > ExtUnit.MaximumSize).Select(entry => entry.Length).FirstOrDefault(-1);

    private bool Open(string path)
    {
        if (path == _path)
            return true;
        if (!store.Files.FileExists(store.PathOf(path)))
            return false;
        _file?.Dispose();
        _file = store.Files.OpenRead(store.PathOf(path));
        _path = path;
        return true;
    }
}
