using System.Buffers;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Client.Sending;

/// <summary>Cuts a batch into requests of limited size.</summary>
internal sealed class BatchCutter(MessageEncoder encoder, int maxSize)
{
    /// <summary>Encodes the next part into <paramref name="body"/>: as many messages from <paramref name="start"/> on as fit, at least one.</summary>
    /// <param name="messages">The whole batch.</param>
    /// <param name="start">The first message of this part.</param>
    /// <param name="body">Where the body goes.</param>
    /// <param name="messageIds">Where the ids go.</param>
    /// <returns>How many messages the part has.</returns>
    public int Cut(IReadOnlyList<Message> messages, int start, ArrayBufferWriter<byte> body, List<string> messageIds)
    {
        int count = 0;
        while (start + count < messages.Count)
        {
            EncodedMessage encoded = encoder.EncodeForBatch(messages[start + count]);
            try
            {
                int size = BatchBody.Overhead + encoded.Body.Length + encoded.PropertySpan.Length;
                if (count > 0 && body.WrittenCount + size > maxSize)
                {
                    break;
                }

                body.Advance(BatchBody.Write(body.GetSpan(size), encoded.Flag, encoded.Body.Span, encoded.PropertySpan));
                messageIds.Add(encoded.MessageId);
                count++;
            }
            finally
            {
                encoded.Release();
            }
        }

        return count;
    }
}
