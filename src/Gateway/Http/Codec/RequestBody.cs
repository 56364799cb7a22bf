using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// The whole body of a request. A small one that came in one piece stays in the server's own buffer; others are
/// gathered in a pooled array.
/// </summary>
/// <remarks>Valid until disposed; dispose once.</remarks>
internal readonly struct RequestBody : IDisposable
{
    /// <summary>Up to this size the server's buffer is borrowed.</summary>
    private const int BorrowLimit = 16 * 1024;

    private const int FirstSize = 16 * 1024;

    private readonly PipeReader? _borrowedFrom;
    private readonly SequencePosition _end;
    private readonly byte[]? _rented;

    private RequestBody(PipeReader reader, in ReadOnlySequence<byte> borrowed)
    {
        _borrowedFrom = reader;
        _end = borrowed.End;
        Bytes = borrowed.First;
    }

    private RequestBody(byte[] rented, int length)
    {
        _rented = rented;
        Bytes = rented.AsMemory(0, length);
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Reads to the end.</summary>
    /// <exception cref="RefusalException">It is larger than the limit.</exception>
    /// <exception cref="BadHttpRequestException">It ends early, or comes too slowly.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int limit)
    {
        long? length = request.ContentLength;
        if (length > limit)
            throw TooLarge(limit);

        PipeReader reader = request.BodyReader;
        if (length is > 0 and <= BorrowLimit)
        {
            ReadResult whole = await reader.ReadAtLeastAsync((int)length.Value);
            if (whole.Buffer.IsSingleSegment)
                return new RequestBody(reader, whole.Buffer);

            byte[] copy = ArrayPool<byte>.Shared.Rent((int)whole.Buffer.Length);
            whole.Buffer.CopyTo(copy);
            int size = (int)whole.Buffer.Length;
            reader.AdvanceTo(whole.Buffer.End);
            return new RequestBody(copy, size);
        }

        return length == 0 ? default : await GatherAsync(reader, (int)(length ?? FirstSize), limit);
    }

    public void Dispose()
    {
        _borrowedFrom?.AdvanceTo(_end);
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
    }

    private static async ValueTask<RequestBody> GatherAsync(PipeReader reader, int expected, int limit)
    {
        byte[] array = ArrayPool<byte>.Shared.Rent(Math.Min(expected, 1 << 20));
        int length = 0;
        try
        {
            while (true)
            {
                ReadResult part = await reader.ReadAsync();
                if (length + part.Buffer.Length > limit)
                    throw TooLarge(limit);

                int size = (int)part.Buffer.Length;
                array = Grow(array, length, length + size);
                part.Buffer.CopyTo(array.AsSpan(length));
                length += size;
                reader.AdvanceTo(part.Buffer.End);
                if (part.IsCompleted)
                    return new RequestBody(array, length);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(array);
            throw;
        }
    }

    private static byte[] Grow(byte[] array, int used, int needed)
    {
        if (array.Length >= needed)
            return array;

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, (int)Math.Min(array.Length * 2L, Array.MaxLength)));
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(array);
        return larger;
    }

    private static RefusalException TooLarge(int limit) => new(Problem.TooLarge, $"The body may have {limit} bytes.");
}
