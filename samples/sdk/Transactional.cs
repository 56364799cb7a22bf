using System.Text;
using Npgsql;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Samples.Sdk;

/// <summary>
/// An order and its message, both or neither: the row and the message's id are written in one transaction of PostgreSQL, and the checker
/// looks for the id when the broker asks. The connection string is in the environment variable PROTOBRIDGE_POSTGRES.
/// </summary>
internal static class Transactional
{
    public static async Task RunAsync(string nameServers)
    {
        if (Environment.GetEnvironmentVariable("PROTOBRIDGE_POSTGRES") is not { Length: > 0 } connectionString)
        {
            await Console.Out.WriteLineAsync("skipped: PROTOBRIDGE_POSTGRES names no PostgreSQL server");
            return;
        }

        await using NpgsqlDataSource database = NpgsqlDataSource.Create(connectionString);
        await ExecuteAsync(database, "CREATE TABLE IF NOT EXISTS sample_order (id text PRIMARY KEY, amount int NOT NULL)");
        await ExecuteAsync(database, "CREATE TABLE IF NOT EXISTS sample_outbox (message_id text PRIMARY KEY)");
        await ExecuteAsync(database, "TRUNCATE sample_order, sample_outbox");

        var options = new TransactionProducerOptions { Group = "order-service", Sending = { Client = { NameServers = nameServers } } };
        await using var producer = new TransactionProducer(options, (half, token) => FindOutcomeAsync(database, half.MessageId, token));
        await producer.StartAsync();

        TransactionReceipt committed = await PlaceAsync(producer, database, "order-1", 10);
        TransactionReceipt refused = await PlaceAsync(producer, database, "order-2", -1);
        await Console.Out.WriteLineAsync($"order-1: {committed.Outcome}, order-2: {refused.Outcome}");

        await using var reader = new Reader(new ReaderOptions { Client = { NameServers = nameServers } });
        await foreach (ReceivedMessage message in reader.ReadAsync("placed-orders", ReadFrom.Beginning))
        {
            if (message.MessageId == committed.Receipt.MessageId)
            {
                await Console.Out.WriteLineAsync($"delivered: {Encoding.UTF8.GetString(message.Body.Span)}");
                return;
            }
        }
    }

    private static ValueTask<TransactionReceipt> PlaceAsync(TransactionProducer producer, NpgsqlDataSource database, string id, int amount)
        => producer.SendAsync(new Message("placed-orders", Encoding.UTF8.GetBytes(id), keys: id), async (receipt, token) =>
        {
            if (amount <= 0)
            {
                return TransactionOutcome.Rollback;
            }

            await using NpgsqlConnection connection = await database.OpenConnectionAsync(token);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(token);
            await using var order = new NpgsqlCommand("INSERT INTO sample_order VALUES ($1, $2)", connection, transaction) { Parameters = { new() { Value = id }, new() { Value = amount } } };
            await order.ExecuteNonQueryAsync(token);
            await using var outbox = new NpgsqlCommand("INSERT INTO sample_outbox VALUES ($1)", connection, transaction) { Parameters = { new() { Value = receipt.MessageId } } };
            await outbox.ExecuteNonQueryAsync(token);
            await transaction.CommitAsync(token);
            return TransactionOutcome.Commit;
        });

    /// <summary>What the database has of the message's id says how its transaction ended, whichever process began it.</summary>
    private static async ValueTask<TransactionOutcome> FindOutcomeAsync(NpgsqlDataSource database, string messageId, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand find = database.CreateCommand("SELECT 1 FROM sample_outbox WHERE message_id = $1");
        find.Parameters.Add(new NpgsqlParameter { Value = messageId });
        return await find.ExecuteScalarAsync(cancellationToken) is null ? TransactionOutcome.Rollback : TransactionOutcome.Commit;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string text)
    {
        await using NpgsqlCommand command = database.CreateCommand(text);
        await command.ExecuteNonQueryAsync();
    }
}
