using System.Buffers;

namespace ProtoBridgeMQ.Bridge.Messages;

/// <summary>
/// What a stream receives into. It owns the bytes of its messages and is used again and again, so that receiving
/// allocates nothing once it has grown to its working size.
/// </summary>
/// <remarks>Not thread safe. Dispose returns its memory to the pool.</remarks>
public sealed class MessageBatch : IDisposable
{
    private readonly List<BridgeMessage> _messages = [];
    private readonly List<byte[]> _blocks = [];
    private int _used;

    /// <summary>How many messages it holds.</summary>
    public int Count => _messages.Count;

    /// <summary>One message; valid until <see cref="Clear"/>.</summary>
    public BridgeMessage this[int index] => _messages[index];

    /// <summary>Forgets the messages and keeps the memory.</summary>
    public void Clear()
    {
        _messages.Clear();
        // One block is kept: the largest, which is the last.
        for (int i = 0; i < _blocks.Count - 1; i++)
        {
            ArrayPool<byte>.Shared.Return(_blocks[i]);
        }

        if (_blocks.Count > 1)
        {
            _blocks.RemoveRange(0, _blocks.Count - 1);
        }

        _used = 0;
    }

    /// <summary>For bridges: memory of the batch to copy a message's bytes into.</summary>
    public Memory<byte> Reserve(int size)
    {
        if (_blocks.Count == 0 || _blocks[^1].Length - _used < size)
        {
            int doubled = _blocks.Count == 0 ? 4096 : Math.Min(_blocks[^1].Length * 2, 1 << 20);
            _blocks.Add(ArrayPool<byte>.Shared.Rent(Math.Max(size, doubled)));
            _used = 0;
        }

        Memory<byte> memory = _blocks[^1].AsMemory(_used, size);
        _used += size;
        return memory;
    }

    /// <summary>For bridges: adds a message whose memory came from <see cref="Reserve"/>.</summary>
    public void Add(in BridgeMessage message) => _messages.Add(message);

    /// <summary>For bridges: adds a copy of a message; its bytes are copied into the memory of the batch.</summary>
    public void AddCopy(in BridgeMessage message)
    {
        ReadOnlyMemory<byte> properties = message.Properties.Text;
        Memory<byte> room = Reserve(properties.Length + message.Body.Length);
        properties.CopyTo(room);
        message.Body.CopyTo(room[properties.Length..]);
        _messages.Add(message with
        {
            Properties = new MessageProperties(room[..properties.Length]),
            Body = room[properties.Length..],
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _messages.Clear();
        foreach (byte[] block in _blocks)
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        _blocks.Clear();
        _used = 0;
    }
}
