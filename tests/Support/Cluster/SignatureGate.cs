using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Tests.Support.Cluster;

/// <summary>
/// Stands in front of a broker and lets signed requests through, as a broker with RocketMQ's access control does: the others get
/// NO_PERMISSION. Computes signatures by itself.
/// </summary>
public sealed class SignatureGate(string accessKey, string secretKey)
{
    private const int MaxFrame = 64 << 20;

    /// <summary>Requests that were let through, by code.</summary>
    public ConcurrentDictionary<int, int> Passed { get; } = new();

    /// <summary>Requests that were refused, by code.</summary>
    public ConcurrentDictionary<int, int> Refused { get; } = new();

    /// <summary>The middleware.</summary>
    public ConnectionDelegate InFrontOf(ConnectionDelegate broker) => async connection =>
    {
        ArgumentNullException.ThrowIfNull(broker);
        IDuplexPipe outside = connection.Transport;
        var requests = new Pipe();
        var answers = new Pipe();
        using var output = new SemaphoreSlim(1);
        connection.Transport = new Inside(requests.Reader, answers.Writer);
        Task checking = CheckAsync(outside, requests.Writer, output);
        Task answering = AnswerAsync(answers.Reader, outside.Output, output);
        try
        {
            await broker(connection);
        }
        finally
        {
            await requests.Reader.CompleteAsync();
            await answers.Writer.CompleteAsync();
            outside.Input.CancelPendingRead();
            await Task.WhenAll(checking, answering);
            connection.Transport = outside;
        }
    };

    private async Task CheckAsync(IDuplexPipe outside, PipeWriter broker, SemaphoreSlim output)
    {
        var header = new RemotingHeader();
        await ForEachFrameAsync(outside.Input, async (frame, bytes) =>
        {
            header.Decode(frame);
            bool passes = header.IsResponse || Signature(header, frame.Body) == header.Fields.GetStringOrNull("Signature"u8);
            if (!header.IsResponse)
            {
                (passes ? Passed : Refused).AddOrUpdate(header.Code, 1, static (_, count) => count + 1);
            }

            if (passes)
            {
                return !(await broker.WriteAsync(bytes)).IsCompleted;
            }

            await RefuseAsync(header.Opaque, outside.Output, output);
            return true;
        });
        await broker.CompleteAsync();
    }

    private static async Task AnswerAsync(PipeReader broker, PipeWriter outside, SemaphoreSlim output)
    {
        await ForEachFrameAsync(broker, async (_, bytes) =>
        {
            await output.WaitAsync();
            try
            {
                return !(await outside.WriteAsync(bytes)).IsCompleted;
            }
            finally
            {
                output.Release();
            }
        });
        await broker.CompleteAsync();
    }

    private static async Task ForEachFrameAsync(PipeReader input, Func<Frame, byte[], ValueTask<bool>> handle)
    {
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync();
                ReadOnlySequence<byte> rest = read.Buffer;
                ReadOnlySequence<byte> before = rest;
                while (FrameCutter.TryCut(ref rest, MaxFrame, out Frame frame, out _) == FrameStatus.Frame)
                {
                    if (!await handle(frame, before.Slice(0, rest.Start).ToArray()))
                    {
                        return;
                    }

                    before = rest;
                }

                input.AdvanceTo(rest.Start, read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled)
                {
                    return;
                }
            }
        }
        catch (Exception ended) when (ended is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The connection is over.
        }
    }

    private static async Task RefuseAsync(int opaque, PipeWriter outside, SemaphoreSlim output)
    {
        var answer = new ArrayBufferWriter<byte>();
        var start = new HeaderStart(ResponseCode.NoPermission, opaque, HeaderFlags.Response, SerializeType.Json, LanguageCode.Java, 479);
        new FrameWriter().Write(answer, start, new HeaderText("the request has no valid signature"), hasFields: false, bodyLength: 0);
        await output.WaitAsync();
        try
        {
            await outside.WriteAsync(answer.WrittenMemory);
        }
        finally
        {
            output.Release();
        }
    }

    private string? Signature(RemotingHeader header, in ReadOnlySequence<byte> body)
    {
        if (header.Fields.GetStringOrNull("AccessKey"u8) != accessKey)
        {
            return "none";
        }

        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < header.Fields.Count; i++)
        {
            values[Encoding.UTF8.GetString(header.Fields.NameAt(i))] = header.Fields.ValueAt(i).ToString();
        }

        values.Remove("Signature");
        byte[] content = [.. Encoding.UTF8.GetBytes(string.Concat(values.Values)), .. body.ToArray()];
#pragma warning disable CA5350 // The protocol's.
        return Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secretKey), content));
#pragma warning restore CA5350
    }

    private sealed record Inside(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
